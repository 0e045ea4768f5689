/**
 * What an application holds in confidence (payloads, credentials, tokens) is in nothing that it says: a run in which
 * everything goes wrong, and everything that was said then is searched for it.
 */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { type Application, formatTree, kinesis, type Logger, Records } from '../../src/index.ts';
import { stderrLogger } from '../../src/pipeline/telemetry/logger.ts';
import { channels, type Messages } from '../../src/pipeline/telemetry/telemetry.ts';
import { type RunningKinesis, startKinesisSimulator } from '../../src/testing/index.ts';
import { ask, eventsUntil } from '../observer/support/client.ts';
import { Listening } from '../observer/support/listening.ts';
import { rejection, snapshotWith, stage, thrown } from '../pipeline/support/application.ts';
import { close, open } from '../pipeline/support/gates.ts';
import { Vault } from './fixtures/vault.ts';

const CANARY = 'c4n4ry';
const CREDENTIALS = {
  accessKeyId: `AKIA-${CANARY}-id`,
  secretAccessKey: `${CANARY}-secret-access-key`,
  sessionToken: `${CANARY}-session-token`,
};
const TOKEN = `${CANARY}-observer-token`;
const HEADERS = { authorization: `Bearer ${TOKEN}`, cookie: `session=${CANARY}-cookie` };

describe('What an application says', () => {
  const at = stage();
  let simulator: RunningKinesis;
  let heard: Listening;
  before(async () => {
    simulator = await startKinesisSimulator({
      streams: { vault: 1 },
      faults: [
        { fault: { type: 'error', code: 'AccessDeniedException', commit: 'before' }, requests: [1, 2] },
        { fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.2 },
        { fault: { type: 'reset', commit: 'after' }, rate: 0.2 },
      ],
    });
  });
  after(() => simulator.stop());
  beforeEach(() => {
    heard = new Listening();
  });
  afterEach(() => heard.close());

  it('has no payload, no credential and no header in it, whatever goes wrong', async () => {
    const said: [where: string, what: unknown][] = [];
    const lines: string[] = [];
    const logger = tee(stderrLogger({ write: (line) => lines.push(line) }), said);
    heard.to(...(Object.keys(channels) as (keyof Messages)[]));
    const { endpoint, region } = simulator;
    const app = await at.start({
      adapter: kinesis({
        endpoint,
        region,
        credentials: () => CREDENTIALS,
        backoff: { initialMs: 5, maxMs: 20 },
        probeBackoff: { initialMs: 5, maxMs: 20 },
      }),
      logger,
    });
    const observer = await app.observe({ port: 0, token: TOKEN, showState: true });

    const feed = eventsUntil(`${observer.url}/api/v1/events`, isCalled('feed'), { headers: HEADERS });

    const keep = (where: string, error: unknown): void => void said.push([where, error]);
    const secret = (n: number | string): string => `${CANARY}-payload-${n}`;
    for (let n = 0; n < 50; n++) Vault.record({ secret: secret(n) });
    Vault.record({ secret: secret('a'), fate: 'throw' });
    await app.flush();
    keep('crash', await Vault.recordAndConfirm({ secret: secret('b'), fate: 'crash' }));
    keep('dead letter', await rejection(Vault.recordAndConfirm({ secret: secret('c'), fate: 'too large' })));
    keep('confirmed', await Vault.recordAndConfirm({ secret: secret('d') }));
    const cycle: { secret: string; self?: unknown } = { secret: secret('e') };
    cycle.self = cycle;
    keep(
      'cycle',
      thrown(() => Vault.record(cycle)),
    );
    keep(
      'too large',
      thrown(() => Vault.record({ secret: secret('f').repeat(50_000) })),
    );
    keep(
      'a function',
      thrown(() => Vault.record({ secret: secret('g'), ...{ call: () => secret('h') } })),
    );
    keep(
      'options',
      thrown(() => kinesis({ credentials: { ...CREDENTIALS, secretAccessKey: 7 as never } })),
    );
    keep(
      'definition',
      thrown(() => Records.define({ name: 'Vault', url: 'x', handleEvent: 'no' } as never)),
    );
    await app.flush();

    close('handle');
    for (let full = false; !full; ) full = !Vault.record({ secret: secret('w').repeat(1000), fate: 'wait' });
    await heard.until('refusal');
    await snapshotWith(app, ({ records }) => records.some(({ running }) => running > 0));
    said.push(['feed', await feed]);
    await look(app, observer.url, said);
    open('handle');
    const ledger = await app.stop();

    // What was to happen has happened.
    expect(ledger.pending).to.equal(0);
    expect(ledger.deadLettered).to.equal(2);
    expect(heard.of('processRestart').length).to.be.above(0);
    expect(heard.of('retry').length).to.be.above(0);
    expect(lines.join('')).to.contain('AccessDeniedException').and.to.contain('refuses events');
    const stored = simulator.oracle.userRecords('vault').records.map(({ data }) => data.toString());
    expect(stored.join('\n'), 'and the secrets were there').to.contain(secret(0));

    said.push(['stderr', lines], ['ledger', ledger]);
    for (const name of Object.keys(channels) as (keyof Messages)[]) said.push([name, heard.of(name)]);
    const leaks = said.filter(([, what]) => everythingIn(what).includes(CANARY));
    expect(leaks.map(([where, what]) => `${where}: ${around(everythingIn(what))}`)).to.deep.equal([]);
  });
});

/** Everything that can be asked for. */
async function look(app: Application, url: string, said: [string, unknown][]): Promise<void> {
  const snapshot = await app.inspect();
  said.push(['inspect', snapshot], ['tree', formatTree(snapshot)]);
  const api = `${url}/api/v1`;
  const paths = [
    'tree',
    'processes',
    'restarts',
    'records',
    'records/Vault',
    'threads',
    'health',
    'snapshot',
  ];
  // One of each box: there are a hundred Consumers and Tasks.
  const boxes = new Map(snapshot.nodes.map(({ name, id }) => [name, id]));
  for (const id of boxes.values())
    paths.push(`processes/${encodeURIComponent(id)}`, `processes/${encodeURIComponent(id)}/state`);
  for (const path of paths) said.push([path, await ask(`${api}/${path}`, { headers: HEADERS })]);
  for (const path of ['metrics', 'readyz', 'nowhere']) {
    said.push([path, await ask(`${url}/${path}`, { headers: HEADERS })]);
  }
  said.push([
    'a foreign token',
    await ask(`${api}/tree`, { headers: { authorization: `Bearer ${CANARY}` } }),
  ]);
  said.push([
    'events',
    await eventsUntil(`${api}/events?what=tree`, isCalled('snapshot'), { headers: HEADERS }),
  ]);
}

function isCalled(name: string) {
  return ({ event }: { readonly event: string }): boolean => event === name;
}

/** Keeps what is logged as it was given, below what the logger makes of it. */
function tee(logger: Logger, said: [string, unknown][]): Logger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    said.push([`log ${level}`, { fields, message }]);
    logger[level]({ ...fields }, message);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (bindings) => tee(logger.child(bindings), said),
  };
}

function everythingIn(what: unknown): string {
  return inspect(what, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null });
}

function around(text: string): string {
  const place = text.indexOf(CANARY);
  return text.slice(Math.max(0, place - 200), place + 50);
}
