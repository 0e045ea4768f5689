/** The command line, as a process of its own, in front of a real application. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Output } from '../../scripts/output-of.ts';
import { awsFinding, healthFinding, nodeFinding } from '../../src/cli/doctor.ts';
import { table } from '../../src/cli/table.ts';
import { fitting } from '../../src/cli/watch.ts';
import type { Application, Observer } from '../../src/index.ts';
import { startKinesisSimulator } from '../../src/testing/index.ts';
import { Checkout } from '../observer/fixtures/shop.ts';
import { snapshotWith, stage } from '../pipeline/support/application.ts';
import { start } from '../support/child.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const TOKEN = 'a token of enough characters';
/** What this machine has of AWS is not to matter. */
const ENVIRONMENT = {
  NO_COLOR: '1',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIATESTTESTTEST',
  AWS_SECRET_ACCESS_KEY: 'not to be shown',
};

/** Runs it to its end, or until it has printed what is waited for. */
async function run(
  args: readonly string[],
  until?: RegExp,
  environment: Readonly<Record<string, string>> = {},
): Promise<Output> {
  const running = start([CLI, ...args], { ...ENVIRONMENT, ...environment });
  if (until !== undefined) {
    await running.until(until);
    running.child.kill();
  }
  return running.ended;
}

describe('The command line', () => {
  const at = stage();
  let app: Application;
  let observer: Observer;

  beforeEach(async () => {
    app = await at.start();
    observer = await app.observe({ port: 0, allowActions: true });
    Checkout.record({ n: 1 });
    await app.flush();
  });
  const beamline = (...args: string[]): Promise<Output> => run([...args, '--url', observer.url]);

  async function restartDispatchServer(): Promise<void> {
    const { nodes } = await app.inspect();
    app.kill(nodes.find(({ name }) => name === 'DispatchServer')?.pid ?? '');
  }

  it('draws the tree, with the health below it', async () => {
    const { code, out } = await beamline('tree');
    expect(out).to.match(/^Application {2}\[waiting/);
    expect(out)
      .to.contain('Producer (GS) Checkout')
      .and.to.contain('✓ Checkout: idle, all 1 event delivered');
    expect(code).to.equal(0);
  });

  it('lists processes, restarts and record types, as text and as JSON', async () => {
    expect((await beamline('top', '--sort', 'handled', '--limit', '3')).out.split('\n')[0]).to.match(
      /^PROCESS +THREAD/,
    );
    expect((await beamline('restarts')).out).to.contain('nothing has been started again');
    expect((await beamline('records')).out).to.match(/Checkout +1 +1 +0 +0 +0/);
    expect(JSON.parse((await beamline('records', '--json')).out).records).to.be.an('array');
    expect(JSON.parse((await beamline('snapshot')).out).schemaVersion).to.equal(1);
  });

  it('ends with 1 when something is wrong', async () => {
    at.adapter.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
    Checkout.record({ n: 2 });
    await snapshotWith(app, ({ health }) => health.some(({ level }) => level === 'bad'));
    const { code, out } = await beamline('tree');
    expect(out).to.match(/✕ Checkout: in backoff after \d+ failures of PutRecords/);
    expect(code).to.equal(1);
    const doctor = await beamline('doctor');
    expect(doctor.code).to.equal(1);
    expect(doctor.out).to.contain('look at the network and at the state of Kinesis');
    at.adapter.recover();
  });

  it('follows what happens', async () => {
    await restartDispatchServer();
    const { out } = await run(['events', '--url', observer.url], /DispatchServer/);
    expect(out).to.contain('DispatchServer ended: killed');
  });

  it('ends without a word when nobody reads it any more', async () => {
    await restartDispatchServer();
    const following = start([CLI, 'events', '--url', observer.url], ENVIRONMENT);
    following.child.stdout.destroy();
    const { code, err } = await following.ended;
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
  });

  it('looks where the environment has the observer', async () => {
    const { port } = new URL(observer.url);
    const here = await run(['records'], undefined, { BEAMLINE_OBSERVER_PORT: port });
    expect(here.out).to.contain('Checkout');
    const named = await run(['records'], undefined, {
      BEAMLINE_OBSERVER_URL: observer.url,
      BEAMLINE_OBSERVER_PORT: '1',
    });
    expect(named.out, 'the URL goes before the port').to.contain('Checkout');
    const { code, err } = await run(['records'], undefined, { BEAMLINE_OBSERVER_PORT: 'http' });
    expect(err).to.contain('BEAMLINE_OBSERVER_PORT').and.not.to.contain('    at ');
    expect(code).to.equal(2);
  });

  it('prints again and again with --watch', async () => {
    const { out } = await run(['records', '--watch', '--url', observer.url], /TYPE[\s\S]*TYPE/);
    expect(out).to.match(/TYPE[\s\S]*TYPE/);
  });

  it('flushes, and finds nothing wrong with what is well', async () => {
    expect((await beamline('flush')).out).to.contain('asked for');
    const { code, out } = await beamline('doctor');
    expect(out)
      .to.match(/✓ Node v/)
      .and.to.contain('a worker thread starts')
      .and.to.contain('the observer answers');
    expect(code).to.equal(0);
  });

  it('traces a process', async () => {
    const traced = beamline('trace', 'Producer/Checkout', '--limit', '1', '--seconds', '10');
    let ended = false;
    void traced.then(() => {
      ended = true;
    });
    for (let n = 2; !ended; n++) {
      Checkout.record({ n });
      await app.flush();
    }
    const { code, out } = await traced;
    expect(out).to.match(
      /^TIME +HOW +WAITING +TOOK +MESSAGE\n\d\d:\d\d:\d\d\.\d{3} +info +\d+ +[\d.]+ [um]?s +\{type: /,
    );
    expect(out).to.contain('that is as many as were asked for');
    expect(code).to.equal(0);
    const { err, code: refused } = await beamline('trace', 'Nobody');
    expect(err).to.contain("there is no process 'Nobody'");
    expect(refused).to.equal(2);
  });

  it('examines credentials, streams and the place of a spool, without writing to what is not AWS', async () => {
    const simulator = await startKinesisSimulator({ streams: { signup: 1 } });
    const { code, out } = await beamline(
      ...['doctor', '--streams', 'signup', '--endpoint', simulator.endpoint],
      ...['--spool', '/proc/no/such/place'],
    );
    expect(out)
      .to.contain('✓ AWS credentials are found here: AKIA…TEST')
      .and.to.contain('! the streams were not asked')
      .and.to.contain('! /proc/no/such/place is not there yet\n    mkdir -p /proc/no/such/place')
      .and.not.to.contain('not to be shown');
    const named = await run(['doctor', '--url', observer.url], undefined, {
      BEAMLINE_STREAMS: 'signup=signup',
      BEAMLINE_ENDPOINT: simulator.endpoint,
    });
    expect(named.out, 'as the environment has it').to.contain('! the streams were not asked');
    expect(simulator.oracle.counts().recordsCommitted).to.equal(0);
    expect(code).to.be.oneOf([0, 1]);
    await simulator.stop();
  });

  it('runs a demo in which things go wrong and nothing is lost', async () => {
    // Ended by SIGTERM, once the second mishap has begun.
    const second = /one of the four shards of pageview is hot/;
    const { code, out } = await run(['demo', '--port', '0', '--every', '1', '--no-open'], second);
    expect(out).to.match(/the page +http:\/\/127\.0\.0\.1:\d+/);
    expect(out).to.contain('the Producer of PageView is killed');
    const [, accepted, delivered, dead] =
      /accepted (\d+) = delivered (\d+) \+ dead-lettered (\d+) \+ pending 0; refused 0/.exec(out) ?? [];
    expect(Number(accepted)).to.be.greaterThan(100);
    expect(Number(delivered) + Number(dead)).to.equal(Number(accepted));
    expect(code).to.equal(0);
  });

  it('shows the token that it is given', async () => {
    const guarded = await app.observe({ port: 0, token: TOKEN });
    expect((await run(['tree', '--url', guarded.url])).err).to.contain('a token is needed');
    expect((await run(['tree', '--url', guarded.url, '--token', TOKEN])).code).to.equal(0);
  });

  it('says what to do when nobody answers', async () => {
    await observer.close();
    const { code, err } = await beamline('tree');
    expect(code).to.equal(2);
    expect(err).to.contain('no observer answers').and.to.contain('app.observe()').and.to.contain('--url');
  });

  it('fits a screen', () => {
    expect(fitting(['a', 'b'], 4)).to.deep.equal(['a', 'b']);
    expect(fitting(['a', 'b', 'c', 'd'], 4)).to.deep.equal(['a', 'b', '… 2 more lines']);
  });

  it('cuts the last column where the terminal ends, and nothing elsewhere', () => {
    const columns = [{ head: 'N', align: 'right' as const }, { head: 'WHY' }];
    const rows = [['12', 'a reason that is too long for it']];
    expect(table(columns, rows, { colours: 'none', width: 24 })).to.equal(
      ' N  WHY\n12  a reason that is to…',
    );
    expect(table(columns, rows, { colours: 'none', width: undefined })).to.equal(
      ' N  WHY\n12  a reason that is too long for it',
    );
  });

  it('calls what AWS refuses a fault when it was asked for, and a warning when nobody asked', () => {
    const checked = { what: 'region', outcome: 'wrong', text: 'no region', mend: 'set one' } as const;
    expect(awsFinding(checked, 'bad').level).to.equal('bad');
    expect(awsFinding(checked, 'warn').level).to.equal('warn');
    expect(awsFinding({ ...checked, outcome: 'untold' }, 'bad').level).to.equal('warn');
  });

  it('knows which Node is enough, and a mend for each cause', () => {
    expect(nodeFinding('v20.18.3').level).to.equal('bad');
    expect(nodeFinding('v20.19.0').level).to.equal('ok');
    expect(nodeFinding('v24.1.0').level).to.equal('ok');
    const line = { level: 'bad', cause: 'paused', recordType: 'A', text: 'A: refused' } as const;
    expect(healthFinding(line).mend).to.contain('permissions');
  });
});
