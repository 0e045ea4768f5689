/**
 * A first-in-first-out queue over a growing circular array. Owns nothing but its slots; a taken slot is cleared
 * at once, so that the ring keeps no value alive.
 *
 *      head            tail
 *       v               v
 *   [ . a b c d e f g h . . . . . . . ]      size = (tail - head) & mask
 *
 * The array doubles when it is full and is given back when it empties after having grown large.
 */
const SMALLEST = 4;
const KEPT = 1024;

export class Ring<T> {
  #slots: (T | undefined)[];
  #mask: number;
  #head = 0;
  #tail = 0;

  constructor() {
    this.#slots = new Array<T | undefined>(SMALLEST).fill(undefined);
    this.#mask = SMALLEST - 1;
  }

  get size(): number {
    return (this.#tail - this.#head) & this.#mask;
  }

  push(value: T): void {
    this.#slots[this.#tail] = value;
    this.#tail = (this.#tail + 1) & this.#mask;
    if (this.#tail === this.#head) this.#grow();
  }

  /** The oldest value, removed; `undefined` when the ring is empty. */
  shift(): T | undefined {
    if (this.#head === this.#tail) return undefined;
    const value = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    if (this.#head === this.#tail && this.#slots.length > KEPT) this.clear();
    return value;
  }

  /** The oldest value, left where it is. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Puts a value in front of all others. */
  unshift(value: T): void {
    this.#head = (this.#head - 1) & this.#mask;
    this.#slots[this.#head] = value;
    if (this.#tail === this.#head) this.#grow();
  }

  /** The first value that `matches`, removed; `undefined` when there is none. Linear. */
  take(matches: (value: T) => boolean): T | undefined {
    const kept: T[] = [];
    let taken: T | undefined;
    for (const value of this) {
      if (taken === undefined && matches(value)) taken = value;
      else kept.push(value);
    }
    if (taken === undefined) return undefined;
    this.clear();
    for (const value of kept) this.push(value);
    return taken;
  }

  clear(): void {
    if (this.#head === this.#tail && this.#slots.length === SMALLEST) return;
    this.#slots = new Array<T | undefined>(SMALLEST).fill(undefined);
    this.#mask = SMALLEST - 1;
    this.#head = 0;
    this.#tail = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#head; i !== this.#tail; i = (i + 1) & this.#mask) yield this.#slots[i] as T;
  }

  #grow(): void {
    const old = this.#slots;
    const size = old.length;
    const slots = new Array<T | undefined>(size * 2).fill(undefined);
    for (let i = 0; i < size; i++) slots[i] = old[(this.#head + i) & this.#mask];
    this.#slots = slots;
    this.#mask = size * 2 - 1;
    this.#head = 0;
    this.#tail = size;
  }
}
