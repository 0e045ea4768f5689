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
/** The slots of a ring that nothing has been put into: most mailboxes stay so. */
const NONE: undefined[] = [];

export class Ring<T> {
  #slots: (T | undefined)[] = NONE;
  #mask = 0;
  #head = 0;
  #tail = 0;

  get size(): number {
    return (this.#tail - this.#head) & this.#mask;
  }

  push(value: T): void {
    if (this.#slots === NONE) this.#begin();
    this.#slots[this.#tail] = value;
    this.#tail = (this.#tail + 1) & this.#mask;
    if (this.#tail === this.#head) this.#grow();
  }

  /** The oldest value, removed; `undefined` when the ring is empty. */
  shift(): T | undefined {
    if (this.#head === this.#tail) return undefined;
    const value = this.#slots[this.#head];
    this.#drop();
    return value;
  }

  /** The oldest value, left where it is. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Puts a value in front of all others. */
  unshift(value: T): void {
    if (this.#slots === NONE) this.#begin();
    this.#head = (this.#head - 1) & this.#mask;
    this.#slots[this.#head] = value;
    if (this.#tail === this.#head) this.#grow();
  }

  /** The first value that `matches`, removed; `undefined` when there is none. Linear. */
  take(matches: (value: T) => boolean): T | undefined {
    for (let i = this.#head; i !== this.#tail; i = (i + 1) & this.#mask) {
      const value = this.#slots[i] as T;
      if (matches(value)) {
        this.#remove(i);
        return value;
      }
    }
    return undefined;
  }

  clear(): void {
    if (this.#head === this.#tail && this.#slots.length <= SMALLEST) return;
    this.#begin();
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#head; i !== this.#tail; i = (i + 1) & this.#mask) yield this.#slots[i] as T;
  }

  #begin(): void {
    this.#slots = [undefined, undefined, undefined, undefined];
    this.#mask = SMALLEST - 1;
    this.#head = 0;
    this.#tail = 0;
  }

  /** Those before it move up by one. */
  #remove(at: number): void {
    for (let i = at; i !== this.#head; i = (i - 1) & this.#mask)
      this.#slots[i] = this.#slots[(i - 1) & this.#mask];
    this.#drop();
  }

  #drop(): void {
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    if (this.#head === this.#tail && this.#slots.length > KEPT) this.clear();
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
