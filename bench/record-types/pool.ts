/** Eight record types whose handlers never end: each event keeps a Consumer and its Task. */
import { Records } from '../shipped.ts';

const DAY_MS = 86_400_000;
const NEVER = new Promise<void>(() => {});

export const CONSUMERS = 125;

export const pools = Array.from({ length: 8 }, (_, i) =>
  Records.define<unknown>({
    name: `Pool${i}`,
    url: import.meta.url,
    batchSize: 1,
    maxDemand: CONSUMERS,
    handleTimeoutMs: DAY_MS,
    handleEvent: () => NEVER,
  }),
);
