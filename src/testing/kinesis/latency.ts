/** Draws how long an answer takes. Pure. */
import type { Random } from '../../base/random.ts';
import type { Latency } from './options.ts';

export function drawLatency(latency: Latency, random: Random): number {
  if (typeof latency === 'number') return latency;
  if ('meanMs' in latency) return latency.meanMs * (1 + latency.spread * (2 * random() - 1));
  // Box and Muller: two even draws make one normal one.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return latency.medianMs * Math.exp(latency.sigma * normal);
}
