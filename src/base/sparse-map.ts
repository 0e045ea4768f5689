/**
 * A Map for tables of which there are several to an object, most of them with no entry or one for all of their life: the
 * only entry lies in the object itself, and a Map is made when a second comes. Entries have the order of insertion, as in
 * a Map. A process has four such tables.
 */
export class SparseMap<K extends number | string, V> {
  /** The only entry; its key is undefined when there is none, or a Map. */
  #key: K | undefined = undefined;
  #value: V | undefined = undefined;
  /** Holds all entries from the second on, until none is left. */
  #map: Map<K, V> | undefined = undefined;

  get size(): number {
    if (this.#map !== undefined) return this.#map.size;
    return this.#key === undefined ? 0 : 1;
  }

  has(key: K): boolean {
    return this.#map === undefined ? this.#key === key : this.#map.has(key);
  }

  get(key: K): V | undefined {
    if (this.#map !== undefined) return this.#map.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  set(key: K, value: V): void {
    if (this.#map !== undefined) {
      this.#map.set(key, value);
    } else if (this.#key === undefined || this.#key === key) {
      this.#key = key;
      this.#value = value;
    } else {
      this.#map = new Map([
        [this.#key, this.#value as V],
        [key, value],
      ]);
      this.#key = undefined;
      this.#value = undefined;
    }
  }

  /** True when there was such an entry. */
  delete(key: K): boolean {
    if (this.#map !== undefined) {
      const there = this.#map.delete(key);
      if (this.#map.size === 0) this.#map = undefined;
      return there;
    }
    if (this.#key !== key) return false;
    this.#key = undefined;
    this.#value = undefined;
    return true;
  }

  clear(): void {
    this.#key = undefined;
    this.#value = undefined;
    this.#map = undefined;
  }

  /** Calls `visit` for each entry. It may delete the one that it is called for. */
  each(visit: (value: V, key: K) => void): void {
    if (this.#map !== undefined) for (const [key, value] of this.#map) visit(value, key);
    else if (this.#key !== undefined) visit(this.#value as V, this.#key);
  }

  /** What the entries hold, at this moment. */
  values(): readonly V[] {
    if (this.#map !== undefined) return [...this.#map.values()];
    return this.#key === undefined ? NOTHING : [this.#value as V];
  }
}

const NOTHING: readonly never[] = [];
