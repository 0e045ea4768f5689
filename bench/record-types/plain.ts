/** Record types that send nothing: for what comes before delivery. */
import { Records } from '../shipped.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const NEVER = new Promise<void>(() => {});

/** Each is taken from its queue as fast as it comes. */
export const drained = Array.from({ length: 10 }, (_, i) =>
  Records.define<unknown>({ name: `Drained${i}`, url: import.meta.url, handleEvent: () => {} }),
);

/** Nothing is ever done with them: they stay in the queue, and its reader sleeps. */
export const Held = Records.define<unknown>({
  name: 'Held',
  url: import.meta.url,
  batchSize: 1,
  maxDemand: 1,
  queueBytes: 1024 * MIB,
  handleTimeoutMs: DAY_MS,
  handleEvent: () => NEVER,
});
