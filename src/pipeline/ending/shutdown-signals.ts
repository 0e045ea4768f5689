/**
 * Stops the application when the process is told to end, and then lets it end as it would have. Only with
 * `handleSignals`: without it signals are the user's own affair. A second signal while it stops ends the process at
 * once, as a user at a terminal expects.
 */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** In a container. The kernel spares it every signal that it has no handler for, its own ones too. */
const INIT_PID = 1;

/**
 * Calls `stop` at the first signal. Returns what takes the handlers away again. `abandon` is called before the process
 * ends by the second one: nothing is to hold it up.
 */
export function stopOnSignals(stop: () => Promise<unknown>, abandon: () => void): () => void {
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, handle);
  };
  const handle = (signal: NodeJS.Signals): void => {
    // Without its handler the next signal does what it does by default.
    release();
    if (process.pid === INIT_PID)
      for (const second of SIGNALS)
        process.on(second, () => {
          abandon();
          endBy(second);
        });
    void stop().finally(() => endBy(signal));
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return release;
}

function endBy(signal: NodeJS.Signals): void {
  if (process.pid === INIT_PID) {
    const { constants } = process.getBuiltinModule('node:os');
    process.exit(128 + constants.signals[signal]);
  }
  process.kill(process.pid, signal);
}
