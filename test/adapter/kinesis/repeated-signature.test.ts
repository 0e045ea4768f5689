import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { expect } from 'chai';
import fc from 'fast-check';
import type { UnsignedRequest } from '../../../src/pipeline/adapter/kinesis/prepared-call.ts';
import { RepeatedSignature } from '../../../src/pipeline/adapter/kinesis/repeated-signature.ts';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const KEYS: Keys = { accessKeyId: 'AKID', secretAccessKey: 'secret' };

/** A request as the SDK has signed it, and the moment that it says. */
async function signedBySdk(keys: Keys, region: string, data: Uint8Array) {
  let signed: UnsignedRequest | undefined;
  const requestHandler = {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: UnsignedRequest) {
      signed = request;
      return { response: { statusCode: 200, headers: {}, body: Buffer.from('{}') } };
    },
  };
  const client = new KinesisClient({ region, credentials: keys, requestHandler: requestHandler as never });
  await client.send(new PutRecordsCommand({ StreamName: 's', Records: [{ PartitionKey: 'k', Data: data }] }));
  if (signed === undefined) throw new Error('the SDK has sent nothing');
  const { buffer, byteOffset, byteLength } = signed.body as Uint8Array;
  const body = Buffer.from(buffer, byteOffset, byteLength);
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(signed.headers['x-amz-date'] ?? '') ?? [];
  const digits = `${day}${time}`;
  const at = Date.parse(digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'));
  return { signed: Object.assign(signed, { body }), body, at };
}

describe('a signature that is made again', () => {
  it("is the SDK's, whatever was signed in between", async () => {
    const text = fc.string({ unit: 'grapheme-ascii', minLength: 1 });
    const keys = fc.record(
      {
        accessKeyId: fc.stringMatching(/^[A-Z0-9]{3,20}$/),
        secretAccessKey: text,
        sessionToken: fc.base64String(),
      },
      { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
    ) as fc.Arbitrary<Keys>;
    const region = fc.constantFrom('eu-west-1', 'us-east-1', 'cn-north-1');
    await fc.assert(
      fc.asyncProperty(keys, region, fc.uint8Array(), fc.uint8Array(), fc.nat(86_399), async (...drawn) => {
        const [identity, where, data, other, later] = drawn;
        const { signed, body, at } = await signedBySdk(identity, where, data);
        const signature = RepeatedSignature.of(signed, identity, at);
        expect(signature, 'the signature').not.to.equal(null);
        const midnight = at - (at % 86_400_000);
        const between = signature?.sign(other, identity, midnight + later * 1000) as UnsignedRequest;
        expect(between.headers.authorization).not.to.equal(signed.headers.authorization);
        expect(between.headers['content-length']).to.equal(String(other.length));
        const again = RepeatedSignature.of(between, identity, midnight + later * 1000)?.sign(
          body,
          identity,
          at,
        );
        expect(again?.headers).to.deep.equal({ ...signed.headers });
        expect(again?.body).to.equal(body);
        expect(Object.getPrototypeOf(again)).to.equal(Object.getPrototypeOf(signed));
      }),
      { numRuns: 30 },
    );
  });

  it("keeps the SDK's idea of what time it is", async () => {
    const { signed, body, at } = await signedBySdk(KEYS, 'eu-west-1', Buffer.from('x'));
    const wrongBy = 20 * 60_000;
    const signature = RepeatedSignature.of(signed, KEYS, at - wrongBy);
    const again = signature?.sign(body, KEYS, at - wrongBy);
    expect(again?.headers['x-amz-date']).to.equal(signed.headers['x-amz-date']);
  });

  it('is not made for other credentials, nor on another day', async () => {
    const { signed, body, at } = await signedBySdk(
      { ...KEYS, sessionToken: 't' },
      'eu-west-1',
      Buffer.from('x'),
    );
    const keys = { ...KEYS, sessionToken: 't' };
    const signature = RepeatedSignature.of(signed, keys, at);
    expect(signature?.sign(body, { ...keys }, at)).to.be.an('object');
    for (const other of [{ ...keys, accessKeyId: 'B' }, { ...keys, secretAccessKey: 'b' }, KEYS, null])
      expect(signature?.sign(body, other, at)).to.equal(null);
    expect(signature?.sign(body, keys, at + 86_400_000)).to.equal(null);
    expect(signature?.sign(body, keys, at - 86_400_000)).to.equal(null);
  });

  it('is none where the SDK has signed in another way', async () => {
    const { signed, at } = await signedBySdk(KEYS, 'eu-west-1', Buffer.from('x'));
    const { authorization = '' } = signed.headers;
    const others = [
      { ...signed, headers: { ...signed.headers, authorization: `${authorization.slice(0, -1)}x` } },
      {
        ...signed,
        headers: { ...signed.headers, authorization: authorization.replace('AWS4-', 'AWS4-ECDSA-') },
      },
      { ...signed, headers: { ...signed.headers, 'x-amz-target': 'another' } },
      { ...signed, headers: {} },
      { ...signed, path: '/another' },
      { ...signed, query: { a: 'b' } },
      { ...signed, body: 'text' },
      { ...signed, body: Buffer.from('another') },
    ];
    for (const [i, other] of others.entries())
      expect(RepeatedSignature.of(other, KEYS, at), `the other ${i}`).to.equal(null);
    expect(RepeatedSignature.of(signed, { ...KEYS, secretAccessKey: 'b' }, at)).to.equal(null);
  });
});
