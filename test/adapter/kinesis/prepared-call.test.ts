import { expect } from 'chai';
import {
  type CallParts,
  PreparedCall,
  type UnsignedRequest,
} from '../../../src/pipeline/adapter/kinesis/prepared-call.ts';
import { never } from '../context.ts';

const REQUEST: UnsignedRequest = {
  method: 'POST',
  protocol: 'https:',
  hostname: 'kinesis.eu-west-1.amazonaws.com',
  path: '/',
  query: {},
  headers: { 'content-length': '2', 'content-type': 'application/x-amz-json-1.1' },
  body: '{}',
};

/** What it was asked to sign, with what. */
function parts(schemeId: string, request = REQUEST) {
  const signed: { request: UnsignedRequest; identity: unknown; properties: object }[] = [];
  const learnt: object[] = [];
  let statusCode = 200;
  let keys = 0;
  const made: CallParts = {
    request,
    scheme: {
      signer: {
        async sign(unsigned, identity, properties) {
          signed.push({ request: unsigned, identity, properties: { ...properties } });
          return Object.assign(properties, { sentAt: signed.length }) && unsigned;
        },
        successHandler: (_response, properties) => learnt.push({ ...properties }),
      },
      httpAuthOption: { schemeId, signingProperties: { name: 'kinesis' } },
    },
    credentials: async () => `key ${++keys}`,
    handle: async ({ body }) => ({ response: { statusCode, body } }),
    at: 1_000,
    wallTime: () => 0,
  };
  const answerWith = (status: number) => {
    statusCode = status;
  };
  return { made, signed, learnt, answerWith };
}

describe('a call that the SDK has prepared', () => {
  it('is made again with another body, its length, and the credentials as they are by then', async () => {
    const { made, signed, learnt } = parts('aws.auth#sigv4');
    const call = PreparedCall.of(made);
    const first = await call?.send(Buffer.from('12345'), never);
    await call?.send(Buffer.from('123'), never);
    expect(first?.body).to.deep.equal(Buffer.from('12345'));
    expect(
      signed.map(({ request: { headers }, identity }) => [headers['content-length'], identity]),
    ).to.deep.equal([
      ['5', 'key 1'],
      ['3', 'key 2'],
    ]);
    // What the signer notes for one request is not there for the next.
    expect(signed.map(({ properties }) => properties)).to.deep.equal(Array(2).fill({ name: 'kinesis' }));
    expect(learnt).to.deep.equal([
      { name: 'kinesis', sentAt: 1 },
      { name: 'kinesis', sentAt: 2 },
    ]);
    expect(REQUEST.headers['content-length']).to.equal('2');
  });

  it('learns nothing from an answer that somebody else judges', async () => {
    const { made, learnt, answerWith } = parts('aws.auth#sigv4');
    answerWith(400);
    await PreparedCall.of(made)?.send(Buffer.from('1'), never);
    expect(learnt).to.deep.equal([]);
  });

  it('is good for a minute', () => {
    const call = PreparedCall.of(parts('aws.auth#sigv4').made);
    expect([1_000, 60_999, 61_000].map((now) => call?.isGoodAt(now))).to.deep.equal([true, true, false]);
  });

  it('is not made again where it is signed in another way, or says not how long it is', () => {
    expect(PreparedCall.of(parts('aws.auth#sigv4a').made)).to.equal(null);
    expect(PreparedCall.of(parts('aws.auth#sigv4', { ...REQUEST, headers: {} }).made)).to.equal(null);
  });
});
