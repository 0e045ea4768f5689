/**
 * Keys and their places, most of them: each is looked for in the one slot that its length and three of its characters
 * lead to. A key that another has driven from its slot is taken for new, which costs an aggregate its bytes and nothing
 * else; a Map of all of them cost more than the rest of the encoder.
 */
const SLOTS = 512;

export class KeyTable {
  #slots: (string | undefined)[] | null = null;
  #places: Uint32Array | null = null;
  #only: string | undefined;
  #onlyPlace = 0;
  #slot = 0;

  /** The place that it was added with, or -1. */
  find(key: string): number {
    const { length } = key;
    const last = key.charCodeAt(length - 1);
    const before = length > 1 ? key.charCodeAt(length - 2) : 0;
    this.#slot = (last + before * 31 + key.charCodeAt(length >> 1) * 7 + length * 13) % SLOTS;
    if (this.#slots === null) return this.#only === key ? this.#onlyPlace : -1;
    return this.#slots[this.#slot] === key ? ((this.#places as Uint32Array)[this.#slot] as number) : -1;
  }

  /** Adds the key that was looked for and not found. */
  add(key: string, place: number): void {
    // Where all keys are equal there is one, and no need for slots.
    if (this.#only === undefined) {
      this.#only = key;
      this.#onlyPlace = place;
      return;
    }
    if (this.#slots === null || this.#places === null) {
      this.#slots = new Array<string | undefined>(SLOTS).fill(undefined);
      this.#places = new Uint32Array(SLOTS);
    }
    this.#slots[this.#slot] = key;
    this.#places[this.#slot] = place;
  }
}
