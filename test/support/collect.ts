/**
 * Has what tests have left behind collected. Each application makes queues of 64 MiB and more, of address space and not
 * of memory, and V8 does not hurry to collect those of the applications before it: a process that has started a hundred
 * has more than the machine, and Linux lets it start no child.
 *
 * A collection takes longer than most tests do, and most tests make no queues: it comes when so much has been made.
 */
const ENOUGH_BYTES = 2 ** 28;
/** What was left by the last collection, as far as its memory has been given back: that goes on behind it. */
let leftBytes = 0;

function collect(): void {
  const { arrayBuffers } = process.memoryUsage();
  leftBytes = Math.min(leftBytes, arrayBuffers);
  if (arrayBuffers - leftBytes < ENOUGH_BYTES) return;
  globalThis.gc?.();
  leftBytes = process.memoryUsage().arrayBuffers;
}

export const mochaHooks = { afterEach: collect, afterAll: collect };
