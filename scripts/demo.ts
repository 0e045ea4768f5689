/**
 * The demo: records sign-ups into the whole library with a Kinesis on this machine behind it, shows the supervision
 * tree while they flow, stops, reads every shard back, and counts. It believes nothing but what it has read: the exit
 * code is 1 unless every event recorded stands in its streams and the ledger says the same.
 *
 *     npm start
 *     npm start -- --events 2000 --rate 4000 --crash
 */
import {
  Application,
  formatTree,
  kinesis,
  type Ledger,
  type RecordSnapshot,
  type Snapshot,
} from '../src/index.ts';
import { type DemoPlan, HELP, parseDemoArguments } from './demo/arguments.ts';
import { auditStream, compareIds, type Found, formatAudit, type StreamAudit } from './demo/audit.ts';
import { armCrash } from './demo/crash-switch.ts';
import { MyEvent } from './demo/my-event.ts';
import { PageView } from './demo/page-view.ts';
import { type Progress, startProgress } from './demo/progress.ts';
import { Traffic } from './demo/traffic.ts';
import { type EmbeddedKinesis, startEmbeddedKinesis } from './embedded-kinesis.ts';

const STREAMS = [
  { name: 'signup', shards: 4 },
  { name: 'master', shards: 4 },
  { name: 'pageview', shards: 2 },
] as const;
/** When the tree is shown, as shares of the traffic. With --crash the thread ends after the first of these. */
const EARLY = 0.3;
const LATE = 0.95;
const CRASH_TIMEOUT_MS = 10_000;
const LOOK_MS = 100;

async function main(): Promise<number> {
  const plan = parseDemoArguments(process.argv.slice(2));
  switch (plan.type) {
    case 'help':
      console.log(HELP);
      return 0;
    case 'invalid':
      console.error(`${plan.problems.join('\n')}\n\n${HELP}`);
      return 2;
    case 'run':
      return run(plan);
  }
}

async function run(plan: DemoPlan): Promise<number> {
  const server = await startEmbeddedKinesis();
  try {
    for (const { name, shards } of STREAMS) await server.createStream(name, shards);
    console.log(`Kinesis at ${server.endpoint}: ${STREAMS.map(describeStream).join(', ')}`);
    const { traffic, ledger } = await recordAndStop(plan, server);
    return await report(traffic, ledger, server);
  } finally {
    await server.stop();
  }
}

async function recordAndStop(
  plan: DemoPlan,
  { endpoint, region, credentials }: EmbeddedKinesis,
): Promise<{ traffic: Traffic; ledger: Ledger }> {
  const app = await Application.start({ adapter: kinesis({ endpoint, region, credentials }) });
  const traffic = new Traffic(plan);
  const progress = startProgress('sign-ups recorded', plan.events);
  const flowUntil = async (share: number): Promise<void> => {
    while (traffic.signUps < plan.events * share) {
      await traffic.tick();
      progress.update(traffic.signUps);
    }
  };
  await flowUntil(EARLY);
  if (plan.crash) await crash(app, traffic, progress);
  else showTree(progress, 'The tree while events flow', await app.inspect());
  await flowUntil(LATE);
  showTree(progress, 'The tree near the end', await app.inspect());
  while (!traffic.isOver) {
    await traffic.tick();
    progress.update(traffic.signUps);
  }
  progress.pause();
  return { traffic, ledger: await stop(app) };
}

/** Stops the application, which delivers what is pending first. */
async function stop(app: Application): Promise<Ledger> {
  const { accepted, pending } = app.ledger();
  console.log(`stopping, with ${pending} of ${accepted} events still to be delivered`);
  const progress = startProgress('events delivered', accepted);
  const looking = setInterval(() => progress.update(app.ledger().delivered), LOOK_MS);
  const before = performance.now();
  // The embedded Kinesis takes some thousands of records a second, however fast they were recorded.
  const ledger = await app.stop({ timeoutMs: 30_000 + pending });
  clearInterval(looking);
  progress.print(`stopped in ${Math.round(performance.now() - before)} ms`);
  return ledger;
}

/** Ends the thread of MyEvent in mid-flow, and shows the tree as soon as its successor is on its way. */
async function crash(app: Application, traffic: Traffic, progress: Progress): Promise<void> {
  progress.print('crash: the thread of MyEvent is ended between its two streams');
  const signal = AbortSignal.timeout(CRASH_TIMEOUT_MS);
  await armCrash(signal);
  for (;;) {
    await traffic.tick();
    const snapshot = await app.inspect();
    if (recordOf(snapshot, MyEvent.name).thread.starts > 1) {
      showTree(progress, 'The tree right after the crash', snapshot);
      return;
    }
    if (signal.aborted) throw new Error(`the thread did not end within ${CRASH_TIMEOUT_MS} ms`);
  }
}

function showTree(progress: Progress, title: string, snapshot: Snapshot): void {
  progress.print(`\n${title}:\n\n${formatTree(snapshot)}\n`);
}

function recordOf({ records }: Snapshot, recordType: string): RecordSnapshot {
  const record = records.find(({ name }) => name === recordType);
  if (record === undefined) throw new Error(`the snapshot does not have the record type ${recordType}`);
  return record;
}

async function report(traffic: Traffic, ledger: Ledger, server: EmbeddedKinesis): Promise<number> {
  const { signUps, views } = traffic;
  console.log('reading every shard back');
  const signup = auditStream('signup', signUps, await readStream(server, 'signup', signUpInSignup));
  const master = auditStream('master', signUps, await readStream(server, 'master', signUpInMaster));
  const pageview = auditStream('pageview', views, await readStream(server, 'pageview', viewInPageview));
  const audits = [signup, master, pageview];
  const problems = [
    ...audits.flatMap(({ unexpected }) => unexpected),
    ...compareIds(signup, master),
    ...ledgerProblems(traffic, ledger),
  ];
  console.log('\nFound:');
  for (const audit of audits) console.log(`  ${formatAudit(audit)}`);
  console.log('\nLedger:');
  for (const [name, counts] of Object.entries(ledger.types))
    console.log(`  ${name}: ${formatCounts(counts)}`);
  console.log(`  in all: ${formatCounts(ledger)}\n`);
  for (const problem of problems) console.error(problem);
  const missing = audits.reduce((sum, audit) => sum + missingIn(audit), 0);
  console.log(
    `${signUps} recorded, ${signup.found} found in signup, ${master.found} found in master, ${missing} missing`,
  );
  return missing === 0 && problems.length === 0 ? 0 : 1;
}

/** The ledger against what this program has counted itself. */
function ledgerProblems({ signUps, views, refused }: Traffic, ledger: Ledger): string[] {
  const problems: string[] = [];
  const expect = (what: string, came: number | undefined, expected: number): void => {
    if (came !== expected) problems.push(`ledger: ${what} is ${came} and should be ${expected}`);
  };
  const recorded = { [MyEvent.name]: signUps, [PageView.name]: views };
  for (const [name, expected] of Object.entries(recorded)) {
    expect(`accepted of ${name}`, ledger.types[name]?.accepted, expected);
    expect(`delivered of ${name}`, ledger.types[name]?.delivered, expected);
  }
  expect('refused', ledger.refused, refused);
  expect(
    'delivered + dead-lettered + pending',
    ledger.delivered + ledger.deadLettered + ledger.pending,
    ledger.accepted,
  );
  return problems;
}

async function readStream(
  server: EmbeddedKinesis,
  stream: string,
  read: (record: never) => Found,
): Promise<Found[]> {
  const records = await server.readAll(stream);
  return records.map(({ data }) => read(JSON.parse(data.toString()) as never));
}

function signUpInSignup({ eventId, userId }: { readonly eventId: string; readonly userId: number }): Found {
  return { number: userId, eventId };
}

function signUpInMaster(record: {
  readonly event_id: string;
  readonly user: { readonly id: string };
}): Found {
  return { number: Number(record.user.id), eventId: record.event_id };
}

function viewInPageview({ eventId, view }: { readonly eventId: string; readonly view: number }): Found {
  return { number: view, eventId };
}

function missingIn({ recorded, found }: StreamAudit): number {
  return recorded - found;
}

function describeStream({ name, shards }: { readonly name: string; readonly shards: number }): string {
  return `${name} (${shards} shards)`;
}

function formatCounts({
  accepted,
  delivered,
  deadLettered,
  pending,
  refused,
}: Omit<Ledger, 'types'>): string {
  return `accepted ${accepted} = delivered ${delivered} + dead-lettered ${deadLettered} + pending ${pending}; refused ${refused}`;
}

// The AWS SDK's own switch for its notice that it will drop Node 20 in 2027: not what the demo is about. Threads
// inherit it, and all other warnings are shown.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// `npm start | head`: who reads no more wants no more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await main();
