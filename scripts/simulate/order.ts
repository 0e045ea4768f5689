/**
 * The order by key, with the real pipeline: threads that are ended while they deliver, and a Kinesis over HTTP that lets
 * records fail. In real time, so it is the one row whose play depends on the machine.
 */
import { Application, kinesis, type Logger } from '../../src/index.ts';
import { startKinesisSimulator } from '../../src/testing/index.ts';
import { type Ordered, OrderedEvent } from './ordered-type.ts';
import type { Row } from './row.ts';

const EVENTS = 20_000;
const KEYS = 500;
const KILLS = 5;

export const orderRow: Row = {
  name: 'order',
  what: `partitionBy under 5 % partial failures, ${KILLS} ends of the thread, ${EVENTS.toLocaleString('en-US')} events of ${KEYS} keys, the real pipeline`,
  target: 'for each key the first occurrences strictly rising, 0 missing',
  async play() {
    const simulator = await startKinesisSimulator({
      streams: { ordered: 4 },
      limits: false,
      latencyMs: { meanMs: 10, spread: 0.75 },
      faults: [{ fault: { type: 'partial' }, rate: 0.05 }],
    });
    const { endpoint, region, credentials } = simulator;
    const app = await Application.start({
      adapter: kinesis({ endpoint, region, credentials, aggregation: 'shard' }),
      flushIntervalMs: 50,
      logger: QUIET,
    });
    for (let kill = 0; kill <= KILLS; kill++) {
      const upTo = Math.floor((EVENTS / (KILLS + 1)) * (kill + 1));
      for (let n = Math.floor((EVENTS / (KILLS + 1)) * kill); n < upTo; n++) {
        if (!OrderedEvent.record({ key: `key-${n % KEYS}`, n })) throw new Error('the queue is full');
      }
      if (kill === KILLS) break;
      const { delivered } = OrderedEvent.stats();
      // In the midst of its work: some of what was recorded last is settled, and a request is under way, whose records
      // are in the stream, and whose answer will find nobody.
      await until(() => OrderedEvent.stats().delivered > delivered);
      const committed = simulator.oracle.counts().recordsCommitted;
      await until(() => simulator.oracle.counts().recordsCommitted > committed);
      await app.endThread('Ordered');
    }
    await app.flush();
    const ledger = await app.stop();
    const last = new Map<string, number>();
    const seen = new Set<number>();
    let overtaken = 0;
    let duplicates = 0;
    for (const { data } of simulator.oracle.userRecords('ordered').records) {
      const { key, n } = JSON.parse(data.toString()) as Ordered;
      if (seen.has(n)) duplicates++;
      else if (n < (last.get(key) ?? -1)) overtaken++;
      seen.add(n);
      last.set(key, Math.max(last.get(key) ?? -1, n));
    }
    const { recordsFailed } = simulator.oracle.counts();
    await simulator.stop();
    const missing = EVENTS - seen.size;
    return {
      reached: overtaken === 0 && missing === 0 && ledger.pending === 0 && recordsFailed > 0,
      result: `${overtaken} overtaken, ${missing} missing, ${duplicates} duplicates; ${recordsFailed} records had failed`,
      figures: { overtaken, missing, duplicates, recordsFailed },
    };
  },
};

const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
