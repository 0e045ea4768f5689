/**
 * Buffers for the bodies of requests, a few of which are kept to be written again: fresh memory must be mapped page by page
 * when it is first written, which takes longer than to write it.
 *
 * The rule: one is given back by who knows that nobody reads it any more.
 */

/** So many are kept, and none that is larger. */
const KEPT = 4;
const KEPT_BYTES_MAX = 1024 * 1024;
/** They are made larger than was asked for, up to a multiple of this, so that they fit others too. */
const STEP_BYTES = 64 * 1024;

export class BodyPool {
  readonly #kept: Buffer[] = [];

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    const place = this.#kept.findIndex(({ byteLength }) => byteLength >= bytes);
    const [found] = place === -1 ? [] : this.#kept.splice(place, 1);
    return found ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
  }

  /** What was taken, or a part of it from its beginning. */
  giveBack({ buffer }: Buffer): void {
    if (buffer.byteLength > KEPT_BYTES_MAX) return;
    this.#kept.push(Buffer.from(buffer));
    // The oldest goes: it may be too small for what is sent now.
    if (this.#kept.length > KEPT) this.#kept.shift();
  }
}
