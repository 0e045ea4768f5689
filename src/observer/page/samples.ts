/** The last values of something that is looked at once a second, oldest first. Bound: `length` values. */

export class Samples {
  readonly #values: Float64Array;
  #next = 0;
  #size = 0;

  constructor(length: number) {
    this.#values = new Float64Array(length);
  }

  push(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#values.length;
    if (this.#size < this.#values.length) this.#size++;
  }

  get size(): number {
    return this.#size;
  }

  get last(): number {
    if (this.#size === 0) return 0;
    return this.#values[(this.#next + this.#values.length - 1) % this.#values.length] ?? 0;
  }

  toArray(): number[] {
    const length = this.#values.length;
    const first = (this.#next + length - this.#size) % length;
    return Array.from({ length: this.#size }, (_, index) => this.#values[(first + index) % length] ?? 0);
  }
}
