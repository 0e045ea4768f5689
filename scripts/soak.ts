/**
 * `npm run soak -- --minutes 60`: 5,000 events a second for as long as that, to a Kinesis that fails, with poison among
 * them and a thread that is ended every half minute. Memory is sampled once a second. Exit code 1 if the last quarter has
 * more than 5 % more of it than the second, or the ledger is not what was recorded and what Kinesis has counted.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Application, kinesis, type Ledger, type Logger } from '../src/index.ts';
import { Soak, type SoakEvent } from './soak/event.ts';
import { isFlat, type Quarter, quartersOf, type Sample } from './soak/memory.ts';
import type { SinkMessage } from './soak/sink.ts';

const BURST_MS = 20;
const SAMPLE_MS = 1000;
/** More often than this the thread would spend its time waiting for its restart, and with batches that run alone. */
const END_THREAD_MS = 30_000;
const POISON_EVERY = 20_000;
const STOP_TIMEOUT_MS = 300_000;

interface Written {
  accepted: number;
  refused: number;
  poison: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '5000' } },
  });
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  if (!(minutes > 0 && rate > 0)) throw new RangeError('--minutes and --rate: expected numbers above 0');

  const sink = fork(fileURLToPath(new URL('./soak/sink.js', import.meta.url)));
  const ready = await heard(sink, 'ready');
  const app = await Application.start({
    adapter: kinesis({
      endpoint: ready.endpoint,
      region: ready.region,
      credentials: { accessKeyId: 'soak', secretAccessKey: 'soak' },
      backoff: { initialMs: 20, maxMs: 500 },
    }),
    deadLetter: ({ data, error }) => {
      const { n, poison } = data as SoakEvent;
      if (!poison) console.log(`dead-lettered, and no poison: event ${n}: ${error}`);
    },
    logger: silent,
  });
  const over = AbortSignal.timeout(minutes * 60_000);
  const [written, samples, ended] = await Promise.all([
    write(rate, over),
    watchMemory(app, over),
    endThreads(app, over),
  ]);
  const ledger = await app.stop({ timeoutMs: STOP_TIMEOUT_MS });
  sink.send('counts');
  const { committed } = await heard(sink, 'counts');
  sink.disconnect();

  const quarters = quartersOf(samples);
  const exact = isExact(ledger, written, committed);
  const flat = isFlat(quarters);
  report(quarters);
  console.log(
    `${written.accepted} accepted, ${written.refused} refused, ${ledger.delivered} delivered, ` +
      `${ledger.deadLettered} dead letters of ${written.poison} planted poison, ` +
      `${committed - ledger.delivered} duplicates, ${ended} threads ended; ` +
      `the ledger is ${exact ? 'exact' : 'NOT EXACT'}, memory is ${flat ? 'flat' : 'NOT FLAT'}`,
  );
  return exact && flat ? 0 : 1;
}

/** Events are written in bursts, as many as are due: a loop that was late makes up for it. */
async function write(rate: number, over: AbortSignal): Promise<Written> {
  const written: Written = { accepted: 0, refused: 0, poison: 0 };
  const since = performance.now();
  for (let n = 0; !over.aborted; ) {
    for (const due = ((performance.now() - since) * rate) / 1000; n < due; n++) {
      const isPoison = n % POISON_EVERY === POISON_EVERY / 2;
      const accepted = Soak.record({ n, text: 'é'.repeat(n % 50), ...(isPoison ? { poison: true } : {}) });
      if (!accepted) written.refused++;
      else {
        written.accepted++;
        if (isPoison) written.poison++;
      }
    }
    await sleep(BURST_MS);
  }
  return written;
}

async function watchMemory(app: Application, over: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!over.aborted) {
    await sleep(SAMPLE_MS);
    const { threads } = await app.inspect();
    // While a thread is being started again there is less to measure.
    if (threads.some(({ heapUsedBytes }) => heapUsedBytes === null)) continue;
    const { heapUsed, rss } = process.memoryUsage();
    const heapBytes = threads.reduce((sum, { heapUsedBytes }) => sum + (heapUsedBytes ?? 0), heapUsed);
    samples.push({ heapBytes, rssBytes: rss });
  }
  return samples;
}

async function endThreads(app: Application, over: AbortSignal): Promise<number> {
  let ended = 0;
  for (;;) {
    await sleep(END_THREAD_MS, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return ended;
    await app.endThread('Soak');
    ended++;
  }
}

/** What Kinesis has beyond what was delivered are duplicates; less would be a loss. */
function isExact(ledger: Ledger, written: Written, committed: number): boolean {
  return (
    ledger.accepted === written.accepted &&
    ledger.refused === written.refused &&
    ledger.deadLettered === written.poison &&
    ledger.delivered === written.accepted - written.poison &&
    ledger.pending === 0 &&
    committed >= ledger.delivered
  );
}

function report(quarters: readonly Quarter[]): void {
  for (const [i, { heapMiB, rssMiB }] of quarters.entries())
    console.log(`quarter ${i + 1}: heap ${heapMiB.toFixed(1)} MiB, resident ${rssMiB.toFixed(1)} MiB`);
}

async function heard<Type extends SinkMessage['type']>(
  sink: ChildProcess,
  type: Type,
): Promise<Extract<SinkMessage, { type: Type }>> {
  for (;;) {
    const [message] = (await once(sink, 'message')) as [SinkMessage];
    if (message.type === type) return message as Extract<SinkMessage, { type: Type }>;
  }
}

/** What is logged here is what is done on purpose. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

process.exitCode = await main();
