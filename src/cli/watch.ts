/** Prints the same thing again each second, in its own place, until it cannot be had any more or one ends it. */
import { clearScreenDown, cursorTo } from 'node:readline';
import type { Clock } from '../base/clock.ts';
import { holdProcess } from '../base/clock.ts';

const AGAIN_MS = 1000;

export async function repeat(
  look: () => Promise<string | undefined>,
  clock: Clock,
  screen: NodeJS.WriteStream,
): Promise<void> {
  const release = holdProcess();
  try {
    for (;;) {
      const text = await look();
      if (text === undefined) return;
      if (screen.isTTY) {
        cursorTo(screen, 0, 0);
        clearScreenDown(screen);
      }
      screen.write(`${text}\n`);
      await new Promise<void>((resolve) => {
        clock.setTimer(AGAIN_MS, resolve);
      });
    }
  } finally {
    release();
  }
}
