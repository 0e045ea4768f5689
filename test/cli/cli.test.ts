/** The command line, as a process of its own, in front of a real application. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { healthFinding, nodeFinding } from '../../src/cli/doctor.ts';
import type { Application, Observer } from '../../src/index.ts';
import { Checkout } from '../observer/fixtures/shop.ts';
import { snapshotWith, stage } from '../pipeline/support/application.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const TOKEN = 'a token of enough characters';

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end, or until it has printed what is waited for. */
function run(args: readonly string[], until?: RegExp): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, NO_COLOR: '1' } });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
      if (until?.test(out)) child.kill();
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
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
  const beamline = (...args: string[]): Promise<Run> => run([...args, '--url', observer.url]);

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
    const { nodes } = await app.inspect();
    app.kill(nodes.find(({ name }) => name === 'DispatchServer')?.pid ?? '');
    const { out } = await run(['events', '--url', observer.url], /DispatchServer/);
    expect(out).to.contain('DispatchServer ended: killed');
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

  it('knows which Node is enough, and a mend for each cause', () => {
    expect(nodeFinding('v20.18.3').level).to.equal('bad');
    expect(nodeFinding('v20.19.0').level).to.equal('ok');
    expect(nodeFinding('v24.1.0').level).to.equal('ok');
    const line = { level: 'bad', cause: 'paused', recordType: 'A', text: 'A: refused' } as const;
    expect(healthFinding(line).mend).to.contain('permissions');
  });
});
