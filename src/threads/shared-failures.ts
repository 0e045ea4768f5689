/**
 * The failures that a test has told the memory adapter to play, in shared memory: the main thread orders them,
 * whichever thread sends next takes one.
 *
 *   slot: [ left | length | the failure as JSON ]      256 bytes, SLOTS of them
 *
 * `left` counts the sends that are still to fail. The main thread alone fills slots, in order and each only once,
 * and publishes one by its store to `left`; senders count it down by compare-and-swap; `forget` sets it to 0.
 */

/** What is to go wrong with an attempt to send. */
export interface InjectedFailure {
  /** The code of the error, as Kinesis would give it. */
  readonly code: string;
  /**
   * `true`: temporary, so the adapter waits and tries again, and the send does not reject. `false`: the records
   * concerned are rejected for good.
   */
  readonly retryable: boolean;
  /** Concerns only records with this partition key, and only sends that have one. Default: all records. */
  readonly partitionKey?: string;
}

interface Keyed {
  readonly partitionKey: string;
}

const SLOTS = 256;
const SLOT_BYTES = 256;
const WORD = 4;
const JSON_BYTES_MAX = SLOT_BYTES - 2 * WORD;
/** Endless, for all practical ends. */
const COUNT_MAX = 0x7fffffff;

export const FAILURES_BYTES = SLOTS * SLOT_BYTES;

export class InjectedFailures {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  #filled = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, FAILURES_BYTES / WORD);
    this.#bytes = Buffer.from(memory, 0, FAILURES_BYTES);
  }

  /** Main thread: lets the next `count` sends fail. Failures ordered earlier are taken first. */
  add(count: number, failure: InjectedFailure): void {
    const json = Buffer.from(JSON.stringify(failure));
    if (json.byteLength > JSON_BYTES_MAX) {
      throw new RangeError(
        `A failure has up to ${JSON_BYTES_MAX} bytes as JSON, this one has ${json.byteLength}`,
      );
    }
    if (this.#filled === SLOTS) {
      throw new RangeError(`A memory adapter takes ${SLOTS} calls of failNext; make another adapter`);
    }
    if (!(count >= 1) || (count !== Number.POSITIVE_INFINITY && !Number.isInteger(count))) {
      throw new RangeError(`failNext expects a whole number of sends, 1 or more, or Infinity; got ${count}`);
    }
    const at = this.#filled * SLOT_BYTES;
    this.#filled++;
    this.#bytes.writeUInt32LE(json.byteLength, at + WORD);
    this.#bytes.set(json, at + 2 * WORD);
    Atomics.store(this.#words, at / WORD, Math.min(count, COUNT_MAX));
  }

  /** Main thread: nothing fails any more, except what has been taken already. */
  forget(): void {
    for (let slot = 0; slot < this.#filled; slot++) Atomics.store(this.#words, (slot * SLOT_BYTES) / WORD, 0);
  }

  /** Any thread: the failure that this attempt is to meet, if there is one. */
  take(messages: readonly Keyed[]): InjectedFailure | null {
    for (let at = 0; at < FAILURES_BYTES; at += SLOT_BYTES) {
      const word = at / WORD;
      for (let left = Atomics.load(this.#words, word); left > 0; ) {
        const failure = this.#failure(at);
        if (!concernsAny(messages, failure)) break;
        const found = Atomics.compareExchange(this.#words, word, left, left - 1);
        if (found === left) return failure;
        left = found;
      }
    }
    return null;
  }

  #failure(at: number): InjectedFailure {
    const length = this.#bytes.readUInt32LE(at + WORD);
    return JSON.parse(this.#bytes.toString('utf8', at + 2 * WORD, at + 2 * WORD + length)) as InjectedFailure;
  }
}

export function concerns({ partitionKey }: Keyed, failure: InjectedFailure): boolean {
  return failure.partitionKey === undefined || failure.partitionKey === partitionKey;
}

function concernsAny(messages: readonly Keyed[], failure: InjectedFailure): boolean {
  return messages.some((message) => concerns(message, failure));
}
