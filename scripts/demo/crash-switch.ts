/**
 * Ends a record type's thread at the worst moment, from outside of it: the main thread asks, the thread hears it and
 * says so, and the next batch that passes `crashHere` takes the thread with it. Its successor, which is a new thread,
 * has not been asked.
 *
 *     main thread                       the type's thread
 *     armCrash --- crash ------------->  armed
 *              <-- armed --------------
 *                                        crashHere: the end
 */
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

type Word = 'crash' | 'armed';

const CHANNEL = 'beamline demo: crash';
/** A thread that is still starting does not hear it: it is asked again. */
const ASK_AGAIN_MS = 20;

let isArmed = false;

/** In the type's thread: from now on it can be asked. */
export function listenForCrash(): void {
  if (isMainThread) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event) => {
    if (wordOf(event) !== 'crash') return;
    isArmed = true;
    channel.postMessage('armed' satisfies Word);
  };
  channel.unref();
}

/** In the type's thread: the place where it ends, if it was asked to. */
export function crashHere(): void {
  if (isArmed) process.exit(1);
}

/** On the main thread: resolves when the thread has heard it. Rejects with the signal's reason. */
export async function armCrash(signal: AbortSignal): Promise<void> {
  const channel = new BroadcastChannel(CHANNEL);
  let again: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      channel.onmessage = (event) => {
        if (wordOf(event) === 'armed') resolve();
      };
      signal.addEventListener('abort', () => reject(signal.reason));
      const ask = (): void => channel.postMessage('crash' satisfies Word);
      again = setInterval(ask, ASK_AGAIN_MS);
      ask();
    });
  } finally {
    clearInterval(again);
    channel.close();
  }
}

function wordOf(event: unknown): Word {
  return (event as { readonly data: Word }).data;
}
