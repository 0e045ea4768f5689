/** Colours, where the output is a terminal that wants them. Pure. */
import { styleText } from 'node:util';

/** `none` for what is no terminal. */
export type Colours = 'terminal' | 'none';

const STYLES = { ok: 'green', warn: 'yellow', bad: 'red', faint: 'dim', strong: 'bold' } as const;
export type Tone = keyof typeof STYLES;

export function paint(text: string, tone: Tone, colours: Colours): string {
  return colours === 'terminal' && text !== '' ? styleText(STYLES[tone], text) : text;
}
