/** The recipes of examples/, each run as it stands against a simulated Kinesis; what they recorded is looked for in it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Output } from '../../scripts/output-of.ts';
import { type FaultRule, type RunningKinesis, startKinesisSimulator } from '../../src/testing/index.ts';
import { type Running, root, run, start } from '../support/child.ts';

const OUTAGE: FaultRule = {
  fault: { type: 'error', code: 'ServiceUnavailable', message: 'not now', status: 503, commit: 'before' },
};

interface Master {
  readonly event_id: string;
  readonly event_object: string;
  readonly user: { readonly anonymous_id?: string };
  readonly request?: { readonly method?: string; readonly path?: string };
  readonly app: { readonly name: string };
}

describe('The recipes', () => {
  let kinesis: RunningKinesis;
  let env: NodeJS.ProcessEnv;
  const running: Running[] = [];

  beforeEach(async () => {
    kinesis = await startKinesisSimulator({ streams: { 'test-visits': 2 } });
    env = {
      BEAMLINE_ENDPOINT: kinesis.endpoint,
      BEAMLINE_REGION: kinesis.region,
      BEAMLINE_STREAMS: 'visits=test-visits',
      AWS_ACCESS_KEY_ID: kinesis.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: kinesis.credentials.secretAccessKey,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      PORT: '0',
    };
  });
  afterEach(async () => {
    for (const { child } of running.splice(0)) child.kill('SIGKILL');
    await kinesis.stop();
  });

  const visits = (): Master[] =>
    kinesis.oracle
      .records('test-visits')
      .map(({ data }) => JSON.parse(Buffer.from(data).toString()) as Master);
  const pages = (): string[] =>
    visits()
      .map(({ event_object }) => event_object)
      .sort();

  async function serve(
    example: string,
    more: NodeJS.ProcessEnv = {},
  ): Promise<Running & { readonly port: number }> {
    const server = start([join('examples', example)], { ...env, ...more });
    running.push(server);
    const port = Number((await server.line('listening on')).split(' ').at(-1));
    return { ...server, port };
  }

  const get = (port: number, path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const well = ({ code, out, err }: Output): string => {
    expect(code, `${out}${err}`).to.equal(0);
    return out;
  };

  for (const example of ['express.mjs', 'fastify.mjs']) {
    it(`${example}: a request’s context is in what it recorded, and SIGTERM delivers everything`, async () => {
      const { port, child, ended } = await serve(example);
      expect(await (await get(port, '/pages/home?user=u-1')).text()).to.equal('seen');
      child.kill('SIGTERM');
      expect(well(await ended)).to.include('{ delivered: 1, pending: 0 }');
      const [visit] = visits();
      expect(visit).to.deep.include({
        event_object: 'home',
        user: { anonymous_id: 'u-1' },
        app: { name: 'example' },
      });
      expect(visit?.request).to.deep.include({ method: 'GET', path: '/pages/home' });
    });
  }

  it('kubernetes.mjs: not ready from SIGTERM on, still serving, then everything is delivered', async () => {
    const { port, child, ended, line } = await serve('kubernetes.mjs', { DRAIN_MS: '300' });
    expect((await get(port, '/readyz')).status).to.equal(200);
    await (await get(port, '/before')).text();
    child.kill('SIGTERM');
    await line('draining');
    expect((await get(port, '/readyz')).status).to.equal(503);
    expect((await get(port, '/healthz')).status).to.equal(200);
    expect(await (await get(port, '/meanwhile')).text()).to.equal('seen');
    expect(well(await ended)).to.include('{ accepted: 2, delivered: 2, pending: 0 }');
    expect(pages()).to.deep.equal(['/before', '/meanwhile']);
  });

  it('queue-worker.mjs: a job is acknowledged when its event is in the stream', async () => {
    const out = well(await run(['examples/queue-worker.mjs'], env));
    expect(out.trim().split('\n')).to.deep.equal([
      'acknowledged home',
      'acknowledged pricing',
      'acknowledged docs',
      'delivered 3',
    ]);
    expect(pages()).to.deep.equal(['docs', 'home', 'pricing']);
  });

  it('script.mjs: the process stays until its events are delivered', async () => {
    well(await run(['examples/script.mjs', 'home', 'pricing'], env));
    expect(pages()).to.deep.equal(['home', 'pricing']);
  });

  it('piscina.mjs: the threads of a pool record without being told how', async () => {
    expect(well(await run(['examples/piscina.mjs'], env))).to.include(
      '{ tasks: 20, accepted: 20, delivered: 20 }',
    );
    expect(visits()).to.have.lengthOf(20);
  });

  it('cluster.mjs: each process has its own application, and no two events one id', async () => {
    const out = well(await run(['examples/cluster.mjs'], env));
    expect(out).to.include('process 1 delivered 10').and.include('process 2 delivered 10');
    expect(out).to.include('ended with 0, 0');
    expect(new Set(visits().map(({ event_id }) => event_id))).to.have.property('size', 20);
  });

  describe('lambda.mjs', () => {
    /** An environment of Lambda: an invocation for each line, which has its path and the time that is left. */
    const HOST = `
      import { createInterface } from 'node:readline';
      const { handler } = await import(${JSON.stringify(pathToFileURL(join(root, 'examples/lambda.mjs')).href)});
      for await (const line of createInterface({ input: process.stdin })) {
        const [rawPath, left] = line.split(' ');
        const { statusCode } = await handler({ rawPath }, { getRemainingTimeInMillis: () => Number(left) });
        console.log(rawPath, 'ended with', statusCode);
      }`;

    function lambda(): (path: string, left: number) => Promise<string> {
      const host = start(['--input-type=module', '-e', HOST], env);
      running.push(host);
      return (path, left) => {
        host.child.stdin.write(`${path} ${left}\n`);
        return host.line(`${path} ended`);
      };
    }

    it('what an invocation records is in the stream when it ends', async () => {
      const invoke = lambda();
      expect(await invoke('/a', 10_000)).to.equal('/a ended with 200');
      expect(pages()).to.deep.equal(['/a']);
      await invoke('/b', 10_000);
      expect(pages()).to.deep.equal(['/a', '/b']);
    });

    it('an invocation with too little time left ends in it, says what is pending, and the next one delivers that', async () => {
      kinesis.setFaults([OUTAGE]);
      const invoke = lambda();
      expect(await invoke('/short', 600)).to.equal('/short ended with 200');
      expect(await invoke('/none', 100), 'less than what is kept back').to.equal('/none ended with 200');
      expect(pages()).to.deep.equal([]);
      kinesis.setFaults([]);
      await invoke('/long', 10_000);
      expect(pages()).to.deep.equal(['/long', '/none', '/short']);
      const [host] = running;
      host?.child.kill();
      expect((await host?.ended)?.err)
        .to.include('1 events are still pending')
        .and.include('2 events are still pending')
        .and.not.include('3 events');
    });
  });
});
