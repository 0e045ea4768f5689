/**
 * `npm run soak -- --minutes 60`: 5,000 events a second for as long as that, of two types, to a Kinesis that fails, with
 * poison among them. Every half minute the thread of one type is ended, hangs or exits, a process of the tree is killed, or
 * Kinesis is away for ten seconds; the thread of the other type lives as long as the run. The application is a process of its own and the only one that is measured. Exit code 1 if its heaps or its
 * resident size, after a collection, have grown by more than 5 % from the second quarter to the last, or the ledger is not what was recorded
 * and what is in the stream. `--json FILE` writes it all down.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Harm, LifeMessage, LifeOrder, LifeTask } from './soak/life.ts';
import { type CollectedMemory, growthOf, isFlat, type Quarter, quarterOf } from './soak/memory.ts';
import type { SinkMessage, SinkOrder } from './soak/sink.ts';
import { isExact, told } from './soak/verdict.ts';

const HARM_EVERY_MS = 30_000;
/** In this order, again and again. */
const HARMS: readonly (Harm | 'outage')[] = [
  'end',
  'Producer',
  'hang',
  'Registry',
  'exit',
  'outage',
  'end',
  'ConsumerSupervisor',
];
const OUTAGE_MS = 10_000;
const RESIDENT_EVERY_MS = 1000;
/** At the end of each quarter, one every second or two. */
const HELD_SAMPLES = 7;
const HELD_EVERY_MS = 1500;

type Harms = Partial<Record<Harm | 'outage', number>>;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      rate: { type: 'string', default: '5000' },
      json: { type: 'string' },
    },
  });
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  if (!(minutes > 0 && rate > 0)) throw new RangeError('--minutes and --rate: expected numbers above 0');

  const sink = new Child<SinkOrder, SinkMessage>('sink');
  sink.send({ type: 'start', eventsMax: (minutes + 5) * 60 * rate });
  const { endpoint, region } = await sink.heard('ready');
  const life = new Child<LifeOrder | LifeTask, LifeMessage>('life', ['--expose-gc']);
  life.send({ endpoint, region, rate });
  await life.heard('started');

  const harms: Harms = {};
  const over = new AbortController();
  const harmed = harm(life, sink, harms, over.signal);
  const quarters: Quarter[] = [];
  for (let quarter = 1; quarter <= 4; quarter++) {
    const figures = await measure(life, (minutes * 60_000) / 4);
    console.log(line(quarter, figures));
    quarters.push(figures);
  }
  over.abort();
  await harmed;
  life.send({ type: 'stop' });
  const { ledger, written } = await life.heard('stopped');
  sink.send({ type: 'count' });
  const { records, distinct, strange } = await sink.heard('found');
  sink.end();

  const found = { records, distinct, strange };
  const [exact, flat, growth] = [isExact(ledger, written, found), isFlat(quarters), growthOf(quarters)];
  const run = { minutes, rate, node: process.version, harms };
  const result = { ...run, quarters, growth, flat, written, ledger, found, exact };
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  for (const letter of written.unplanted) console.log(`dead-lettered, and no poison: ${letter}`);
  console.log(
    `${told(result)} (heaps ${percent(growth.heap)}, resident ${percent(growth.collected)} after a collection, ` +
      `${percent(growth.resident)} at any time); ${written.refused} refused; ` +
      JSON.stringify(harms),
  );
  return exact && flat ? 0 : 1;
}

/** One quarter: the resident size all the time, and what is held at its end. */
async function measure(life: Child<LifeOrder | LifeTask, LifeMessage>, forMs: number): Promise<Quarter> {
  const end = performance.now() + forMs;
  const resident: number[] = [];
  const held: CollectedMemory[] = [];
  while (performance.now() < end - HELD_SAMPLES * HELD_EVERY_MS) {
    await sleep(RESIDENT_EVERY_MS);
    life.send({ type: 'resident' });
    resident.push((await life.heard('resident')).bytes);
  }
  while (held.length < HELD_SAMPLES) {
    await sleep(HELD_EVERY_MS);
    life.send({ type: 'held' });
    const { memory } = await life.heard('held');
    if (memory !== undefined) held.push(memory);
  }
  return quarterOf(held, resident);
}

/** Until it is over. Counts what it does. */
async function harm(
  life: Child<LifeOrder | LifeTask, LifeMessage>,
  sink: Child<SinkOrder, SinkMessage>,
  harms: Harms,
  over: AbortSignal,
): Promise<void> {
  const wait = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal: over }).catch(() => {});
  for (let round = 0; ; round++) {
    await wait(HARM_EVERY_MS);
    if (over.aborted) return;
    const what = HARMS[round % HARMS.length] ?? 'end';
    harms[what] = (harms[what] ?? 0) + 1;
    if (what !== 'outage') {
      life.send({ type: 'harm', harm: what });
      continue;
    }
    sink.send({ type: 'outage', down: true });
    await wait(OUTAGE_MS);
    sink.send({ type: 'outage', down: false });
  }
}

function line(quarter: number, { heapMiB, externalMiB, collectedMiB, residentMiB }: Quarter): string {
  return (
    `quarter ${quarter}: heap ${heapMiB.toFixed(1)} MiB after a collection, outside of it ${externalMiB.toFixed(1)} MiB, ` +
    `resident ${collectedMiB.toFixed(1)} MiB after it, ${residentMiB.toFixed(1)} MiB at any time`
  );
}

function percent(share: number): string {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;
}

/** One of the two other processes. */
class Child<Order extends object, Message extends { readonly type: string }> {
  readonly #process: ChildProcess;

  constructor(name: 'sink' | 'life', execArgv: readonly string[] = []) {
    this.#process = fork(fileURLToPath(new URL(`./soak/${name}.js`, import.meta.url)), {
      execArgv: [...execArgv],
    });
    this.#process.once('exit', (code, signal) => {
      if (code === 0) return;
      console.log(`the process ${name} ended by ${signal ?? `exit code ${code}`}`);
      process.exit(1);
    });
  }

  send(order: Order): void {
    this.#process.send(order);
  }

  async heard<Type extends Message['type']>(type: Type): Promise<Extract<Message, { type: Type }>> {
    for (;;) {
      const [message] = (await once(this.#process, 'message')) as [Message];
      if (message.type === type) return message as Extract<Message, { type: Type }>;
    }
  }

  end(): void {
    this.#process.disconnect();
  }
}

process.exitCode = await main();
