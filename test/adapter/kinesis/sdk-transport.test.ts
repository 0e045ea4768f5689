import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.ts';
import type { Adapter, RemoteFunction } from '../../../src/pipeline/adapter/adapter.ts';
import { checkDescriptor } from '../../../src/pipeline/adapter/descriptor.ts';
import { checkup } from '../../../src/pipeline/adapter/kinesis/checkup.ts';
import type { KinesisSettings } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { type KinesisOptions, kinesis } from '../../../src/pipeline/adapter/kinesis.ts';
import { loadAdapter } from '../../../src/pipeline/adapter/load.ts';
import { never, testContext } from '../context.ts';
import * as ownHandler from '../fixture/own-handler.ts';
import { cert } from '../fixture/tls.ts';
import { HttpKinesis } from '../http-kinesis.ts';

const QUICK = { initialMs: 1, maxMs: 5 };

async function open(options: KinesisOptions) {
  const { wire, functions } = checkDescriptor(
    kinesis({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'static', secretAccessKey: 'secret' },
      backoff: QUICK,
      probeBackoff: QUICK,
      shardMap: false,
      ...options,
    }),
  );
  const remote = Object.entries(functions).map(([name, call]): [string, RemoteFunction] => [
    name,
    async (...args) => call(...(args as never[])),
  ]);
  const context = testContext({ functions: Object.fromEntries(remote) });
  return { context, adapter: await loadAdapter(structuredClone(wire), context) };
}

const send = (adapter: Adapter, data: string, stream = 's') =>
  adapter.send(stream, [{ partitionKey: 'k', data }], { signal: never });

describe('kinesis adapter over the AWS SDK', () => {
  let server: HttpKinesis;
  let adapter: Adapter | null = null;

  beforeEach(async () => {
    server = await HttpKinesis.start();
  });

  afterEach(async () => {
    await adapter?.close({ timeoutMs: 0 });
    adapter = null;
    await server.stop();
  });

  it('keeps its connections: never more than its bound, however many requests', async () => {
    ({ adapter } = await open({ endpoint: server.endpoint, maxInFlight: 3 }));
    const opened = adapter;
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => send(opened, `${round}-${i}`, `s${i}`)));
    }
    expect(server.requests.length).to.equal(80);
    expect(server.connections).to.be.at.most(3);
  });

  it('leaves trying again to the adapter: one request for one attempt', async () => {
    ({ adapter } = await open({ endpoint: server.endpoint }));
    server.refuse = () => (server.requests.length < 4 ? { status: 500, code: 'InternalFailure' } : null);
    await send(adapter, 'x');
    expect(server.requests.length).to.equal(4);
    expect(adapter.snapshot().streams[0]).to.deep.include({
      requests: 4,
      retries: 3,
      errors: { InternalFailure: 3 },
    });
  });

  it('sends keys and data as they are, and says how long the body is', async () => {
    ({ adapter } = await open({ endpoint: server.endpoint }));
    const messages = [
      { partitionKey: 'Grüße "\\\u0007\u{1f600}', data: 'Grüße' },
      { partitionKey: 'k', explicitHashKey: '0', data: new Uint8Array([0, 255, 7]).subarray(1) },
    ];
    await adapter.send('s', messages, { signal: never });
    expect(server.requests.map(({ body }) => body)).to.deep.equal([
      {
        StreamName: 's',
        Records: [
          { PartitionKey: messages[0]?.partitionKey, Data: Buffer.from('Grüße').toString('base64') },
          { PartitionKey: 'k', ExplicitHashKey: '0', Data: '/wc=' },
        ],
      },
    ]);
  });

  it('sends again what an answer does not say to be in the stream, whatever the answer is', async () => {
    ({ adapter } = await open({ endpoint: server.endpoint }));
    const answers = ['<html>nothing here</html>', '', '[]', '{"Records":[]}'];
    server.answer = () => answers.shift() ?? null;
    await send(adapter, 'x');
    expect(server.requests.length).to.equal(5);
    const { errors } = adapter.snapshot().streams[0] ?? {};
    expect(Object.values(errors ?? {}).reduce((sum, count) => sum + count, 0)).to.equal(4);
    expect(errors).to.have.property('HTTP 200');
  });

  it('signs each request for what it holds, the first by the SDK and those after it in its stead', async () => {
    ({ adapter } = await open({ endpoint: server.endpoint }));
    for (const data of ['a', 'bb', 'ccc']) await send(adapter, data);
    for (const data of ['d', 'ee']) await send(adapter, data, 'other');
    expect(server.taken).to.deep.equal(['a', 'bb', 'ccc', 'd', 'ee']);
    expect(server.requests.map(({ signsBody }) => signsBody)).to.deep.equal(Array(5).fill(true));
    expect(server.requests.map(({ body }) => body.StreamName)).to.deep.equal([
      's',
      's',
      's',
      'other',
      'other',
    ]);
  });

  it('has the SDK judge what is not the usual answer, after many that were', async () => {
    ({ adapter } = await open({ endpoint: server.endpoint }));
    for (const data of ['a', 'b']) await send(adapter, data);
    const refusals = [{ status: 500, code: 'InternalFailure' }];
    server.refuse = () => refusals.shift() ?? null;
    await send(adapter, 'c');
    await send(adapter, 'd');
    const answers = ['<html>nothing here</html>'];
    server.answer = () => answers.shift() ?? null;
    await send(adapter, 'e');
    await send(adapter, 'f');
    expect(server.taken).to.deep.equal(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(adapter.snapshot().streams[0]).to.deep.include({
      requests: 8,
      errors: { InternalFailure: 1, 'HTTP 200': 1 },
    });
  });

  it('sends an ARN as an ARN', async () => {
    const arn = 'arn:aws:kinesis:eu-west-1:111122223333:stream/master';
    ({ adapter } = await open({ endpoint: server.endpoint, streams: { master: arn } }));
    await send(adapter, 'x', 'master');
    expect(server.requests[0]?.body).to.include({ StreamARN: arn }).and.not.have.property('StreamName');
  });

  it('asks the credentials function again when credentials expire in mid-run, and resumes', async () => {
    let valid = 'first';
    let asked = 0;
    const credentials = () => {
      asked++;
      return { accessKeyId: valid, secretAccessKey: 'secret', sessionToken: 'token' };
    };
    const opened = await open({ endpoint: server.endpoint, credentials });
    adapter = opened.adapter;
    server.refuse = ({ accessKeyId }) =>
      accessKeyId === valid ? null : { status: 400, code: 'ExpiredTokenException' };
    await send(adapter, 'a');
    await send(adapter, 'b');
    expect(asked).to.equal(1);
    valid = 'second';
    await Promise.all(['c', 'd', 'e'].map((data) => send(opened.adapter, data)));
    expect(server.taken.sort()).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(asked).to.equal(2);
    expect(opened.context.log.map(({ level }) => level)).to.deep.equal(['error', 'warn']);
  });

  it('waits while the credentials function fails or gives something else, and says why', async () => {
    const answers = [
      () => {
        throw new Error('the vault is sealed');
      },
      () => ({ user: 'somebody' }) as never,
      () => ({ accessKeyId: 'good', secretAccessKey: 'secret' }),
    ];
    const opened = await open({ endpoint: server.endpoint, credentials: () => (answers.shift() ?? fail)() });
    adapter = opened.adapter;
    await send(adapter, 'x');
    expect(server.taken).to.deep.equal(['x']);
    expect(adapter.snapshot().streams[0]?.errors).to.deep.equal({ CredentialsProviderError: 2 });
    expect(opened.context.log[0]?.message).to.include('the vault is sealed');
  });

  it('corrects a clock that is two hours behind, and does not call it a matter of credentials', async () => {
    const opened = await open({ endpoint: server.endpoint });
    adapter = opened.adapter;
    server.aheadMs = 2 * 3_600_000;
    server.refuse = ({ signedAt }) =>
      server.now() - signedAt < 300_000
        ? null
        : {
            status: 400,
            code: 'InvalidSignatureException',
            message: 'Signature expired: it is later than that',
          };
    await send(adapter, 'x');
    expect(server.requests.length).to.equal(2);
    expect(opened.context.log).to.deep.equal([]);
  });

  it('corrects a clock that is put back while it runs', async () => {
    const opened = await open({ endpoint: server.endpoint });
    adapter = opened.adapter;
    const late = { status: 400, code: 'InvalidSignatureException', message: 'Signature expired: it is late' };
    server.refuse = ({ signedAt }) => (server.now() - signedAt < 300_000 ? null : late);
    await send(adapter, 'x');
    server.aheadMs = 2 * 3_600_000;
    await send(adapter, 'y');
    await send(adapter, 'z');
    expect(server.taken).to.deep.equal(['x', 'y', 'z']);
    expect(server.requests.length).to.equal(4);
    expect(opened.context.log).to.deep.equal([]);
  });

  it('does not wait for ever for the credentials function', async () => {
    let asked = 0;
    const credentials = () => {
      asked++;
      return asked === 1 ? new Promise<never>(() => {}) : { accessKeyId: 'good', secretAccessKey: 'secret' };
    };
    ({ adapter } = await open({ endpoint: server.endpoint, credentials, requestTimeoutMs: 500 }));
    await send(adapter, 'x');
    // A machine that is busy for so long has the record sent again; what counts is that it was sent at all.
    expect(new Set(server.taken)).to.deep.equal(new Set(['x']));
  });

  it('speaks TLS to an endpoint whose certificate it was told to trust', async () => {
    const secure = await HttpKinesis.start('https');
    ({ adapter } = await open({ endpoint: secure.endpoint, http: { ca: cert } }));
    await send(adapter, 'x');
    expect(secure.taken).to.deep.equal(['x']);
    await adapter.close({ timeoutMs: 0 });
    await secure.stop();
  });

  it('pauses on a certificate that it was not told to trust', async () => {
    const secure = await HttpKinesis.start('https');
    const opened = await open({ endpoint: secure.endpoint });
    const controller = new AbortController();
    opened.context.logger.error = (_fields, message) => controller.abort(message);
    const error = await opened.adapter
      .send('s', [{ partitionKey: 'k', data: 'x' }], { signal: controller.signal })
      .catch((thrown: unknown) => thrown as Error);
    expect(error?.cause).to.include('DEPTH_ZERO_SELF_SIGNED_CERT');
    await opened.adapter.close({ timeoutMs: 0 });
    await secure.stop();
  });

  it("uses a request handler of the user's own", async () => {
    const module = new URL('../fixture/own-handler.js', import.meta.url).href;
    ({ adapter } = await open({
      endpoint: server.endpoint,
      maxInFlight: 5,
      http: { module, connectTimeoutMs: 700 },
    }));
    await send(adapter, 'x');
    expect(ownHandler.given).to.deep.equal([{ maxSockets: 5, connectTimeoutMs: 700, ca: undefined }]);
    expect(ownHandler.requests).to.equal(1);
  });

  it('refuses a handler module that makes no handler', async () => {
    const module = new URL('../fixture/tls.js', import.meta.url).href;
    const error = await open({ endpoint: server.endpoint, http: { module } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.include({ code: 'ERR_ADAPTER_MODULE' });
    expect((error as Error).message).to.include('createRequestHandler');
  });

  it('says so when there is no region to be found', async () => {
    const before = { ...process.env };
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
    process.env.AWS_CONFIG_FILE = '/nowhere/config';
    process.env.AWS_SHARED_CREDENTIALS_FILE = '/nowhere/credentials';
    try {
      const { wire } = checkDescriptor(kinesis());
      const error = await loadAdapter(wire, testContext()).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'ERR_OPTIONS' });
      expect((error as Error).message).to.include(
        'region: expected a region, here or in BEAMLINE_REGION, AWS_REGION',
      );
      expect((error as Error).message).to.include('none came');

      process.env.AWS_REGION = 'eu-west-1 ';
      const other = await loadAdapter(wire, testContext()).catch((thrown: unknown) => thrown);
      expect((other as Error).message).to.include('"eu-west-1 " came');
      const settings = kinesis().options as KinesisSettings;
      const [checked] = await checkup({ settings, streams: [], clock: systemClock });
      expect(checked).to.include({ outcome: 'wrong' });
      expect(checked?.text).to.include('"eu-west-1 "');
    } finally {
      process.env = before;
    }
  });
});

function fail(): never {
  throw new Error('asked once more than expected');
}
