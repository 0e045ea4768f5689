/**
 * Prints the same thing again each second, in its own place, until it cannot be had any more or one ends it. On a terminal
 * what does not fit on it is left out, with how many lines that are: a screen that scrolls cannot be read.
 */
import { clearScreenDown, cursorTo } from 'node:readline';
import type { Clock } from '../base/clock.ts';
import { holdProcess } from '../base/clock.ts';

const AGAIN_MS = 1000;
const CLEAR_LINE = '\x1b[K';

export async function repeat(
  look: () => Promise<string | undefined>,
  clock: Clock,
  screen: NodeJS.WriteStream,
): Promise<void> {
  const release = holdProcess();
  try {
    for (let first = true; ; first = false) {
      const text = await look();
      if (text === undefined) return;
      if (screen.isTTY) redraw(text, screen, first);
      else screen.write(`${text}\n`);
      await new Promise<void>((resolve) => {
        clock.setTimer(AGAIN_MS, resolve);
      });
    }
  } finally {
    release();
  }
}

/** Line over line: a screen that is cleared first flickers. */
function redraw(text: string, screen: NodeJS.WriteStream, first: boolean): void {
  cursorTo(screen, 0, 0);
  if (first) clearScreenDown(screen);
  screen.write(`${fitting(text.split('\n'), screen.rows).join(`${CLEAR_LINE}\n`)}${CLEAR_LINE}\n`);
  clearScreenDown(screen);
}

/** The last line of the screen is the cursor's. */
export function fitting(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length < rows) return lines;
  const shown = lines.slice(0, Math.max(0, rows - 2));
  return [...shown, `… ${lines.length - shown.length} more lines`];
}
