/** One shard refuses everything for a minute: what the others get, and when the type begins to wait for it. */
import type { Row } from './row.ts';
import { Whole } from './whole.ts';

const SECOND = 1000;
const MIB = 1024 * 1024;
const SHARDS = 4;
const RATE = 1000;
const SECONDS = 60;
const HOT = 1;

export function hotShard(parkedMib: number, target: 'to reach' | 'reported'): Row {
  return {
    name: `hot-shard-${parkedMib}`,
    what:
      `one of ${SHARDS} shards refuses everything for ${SECONDS} s, ${RATE} records/s offered to each, the whole ` +
      `pipeline, parkedBytes ${parkedMib} MiB`,
    target:
      target === 'reported'
        ? 'reported: the second at which the type begins to wait; then 0 missing'
        : 'the other three at 90 % of what is offered to them or more; nothing refused; then 0 missing',
    async play() {
      const whole = new Whole({
        shards: SHARDS,
        rate: RATE,
        parkedBytes: parkedMib * MIB,
        faults: [
          {
            fault: { type: 'throttle-shard', shardId: `shardId-${String(HOT).padStart(12, '0')}` },
            timeMs: [0, SECONDS * SECOND],
          },
        ],
      });
      await whole.start();
      let waitsAt: number | null = null;
      let mostParked = 0;
      for (let second = 1; second <= SECONDS; second++) {
        await whole.offerTo(second * SECOND);
        const { records } = await whole.during(whole.application.inspect());
        const { parked } = records.find(({ name }) => name === 'Simulated')!;
        mostParked = Math.max(mostParked, parked.events);
        if (parked.waitsFor.length > 0) waitsAt ??= second;
      }
      const parts = whole
        .taken()
        .filter((_, shard) => shard !== HOT)
        .map((taken) => taken / (RATE * SECONDS));
      const { refused } = whole.application.ledger();
      const ledger = await whole.during(whole.application.stop({ timeoutMs: 600 * SECOND }));
      const { missing, invented, duplicates } = whole.audit();
      const least = Math.min(...parts);
      const isWhole =
        missing.length === 0 &&
        invented.length === 0 &&
        ledger.accepted === ledger.delivered &&
        ledger.pending === 0;
      return {
        reached: isWhole && (target === 'reported' || (least >= 0.9 && refused === 0)),
        result:
          `the others at ${parts.map((part) => `${(part * 100).toFixed(1)} %`).join(', ')} of what is offered; ` +
          `${refused} refused, ${missing.length} missing, ${duplicates} duplicates; at most ${mostParked} events ` +
          `parked; the type waits ${waitsAt === null ? 'at no time' : `from second ${waitsAt}`}`,
        figures: { least, refused, missing: missing.length, duplicates, mostParked, waitsAt: waitsAt ?? -1 },
      };
    },
  };
}
