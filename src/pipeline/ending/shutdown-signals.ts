/**
 * Stops the application when the process is told to end, and then lets it end as it would have. Only with
 * `handleSignals`: without it signals are the user's own affair. A second signal while it stops ends the process at
 * once, as a user at a terminal expects.
 */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Calls `stop` at the first signal. Returns what takes the handlers away again. */
export function stopOnSignals(stop: () => Promise<unknown>): () => void {
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, handle);
  };
  const handle = (signal: NodeJS.Signals): void => {
    // Without its handler the next signal does what it does by default.
    release();
    void stop().finally(() => process.kill(process.pid, signal));
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return release;
}
