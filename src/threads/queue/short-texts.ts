/**
 * Makes many short texts of one-byte characters by few calls: to make one by itself takes a call that leaves JavaScript, which
 * takes longer than all else that is done with it.
 *
 *     const at = texts.room();                     where the next one may be written to `bytes`: there is room for SHORT of them
 *     texts.add(place, end);                       it has been, up to here, and is to stand at this place of the list
 *     const list = texts.end();
 */

export const SHORT = 64;
const ROOM = 4096;
/** So many are made at a time, at most. */
const COUNT = 256;

export class ShortTexts {
  readonly bytes = Buffer.alloc(ROOM);
  #list: string[] = [];
  readonly #places = new Int32Array(COUNT);
  readonly #ends = new Int32Array(COUNT);
  #count = 0;
  #end = 0;

  room(): number {
    if (this.#end + SHORT > ROOM || this.#count === COUNT) this.#make();
    return this.#end;
  }

  add(place: number, end: number): void {
    this.#places[this.#count] = place;
    this.#ends[this.#count++] = end;
    this.#end = end;
  }

  /** One that was made otherwise. */
  addMade(place: number, text: string): void {
    this.#list[place] = text;
  }

  end(): readonly string[] {
    this.#make();
    const list = this.#list;
    this.#list = [];
    return list;
  }

  #make(): void {
    const list = this.#list;
    const text = this.bytes.toString('latin1', 0, this.#end);
    let from = 0;
    for (let i = 0; i < this.#count; i++) {
      const to = this.#ends[i] as number;
      list[this.#places[i] as number] = text.slice(from, to);
      from = to;
    }
    this.#count = this.#end = 0;
  }
}
