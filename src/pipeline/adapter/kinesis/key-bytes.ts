/**
 * The partition keys of a send, as texts and as their bytes, one behind the other. All are written by one call: to look at each
 * character of a text that is a part of another takes longer than all else that is done with a key.
 */
// The global is an accessor.
import { Buffer } from 'node:buffer';
import { viewOf } from '../../../base/view-of.ts';

/** Behind the last one stands what is read with it, four bytes at a time, and is none of it. */
const BEHIND = 4;

export class KeyBytes {
  readonly texts: readonly string[];
  /** As UTF-8. */
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where each ends. */
  readonly ends: Uint32Array;

  constructor(texts: readonly string[]) {
    const all = texts.join('');
    const areAscii = Buffer.byteLength(all) === all.length;
    // Each by itself: the end of one and the beginning of the next may look like one character.
    const length = areAscii ? all.length : texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const bytes = Buffer.allocUnsafe(length + BEHIND);
    const ends = new Uint32Array(texts.length);
    if (areAscii) bytes.write(all, 'latin1');
    let end = 0;
    for (let i = 0; i < ends.length; i++) {
      const text = texts[i] as string;
      end += areAscii ? text.length : bytes.write(text, end);
      ends[i] = end;
    }
    this.texts = texts;
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.ends = ends;
  }

  get size(): number {
    return this.ends.length;
  }

  startOf(place: number): number {
    return place === 0 ? 0 : (this.ends[place - 1] as number);
  }
}
