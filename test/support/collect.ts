/**
 * Has what a test has left behind collected. Each application makes queues of 64 MiB and more, of address space and not
 * of memory, and V8 does not hurry to collect those of the applications before it: a process that has started a hundred
 * has more than the machine, and Linux lets it start no child.
 */
const EVERY = 4;
let tests = 0;

function collect(): void {
  globalThis.gc?.();
}

export const mochaHooks = {
  afterEach(): void {
    if (++tests % EVERY === 0) collect();
  },
  afterAll: collect,
};
