/**
 * Message: one record for a Kinesis stream, as `handleEvent` hands it to `sendData`.
 *
 *     new Message(user.id, { eventId: id })
 *     new Message('eu', bytes, { explicitHashKey: 0n })
 *
 * A message that exists is one that Kinesis takes, its size aside: everything is checked when it is made, where
 * the stack still shows who made it, because one bad record has its whole request refused. It holds its data as
 * the text or the bytes it was given; only the adapter, which knows where they go, turns text into bytes.
 */
import { BeamlineError } from './errors.ts';
import { kindOf } from './shown-value.ts';

/** What an adapter consumes. Every `Message` is one. */
export interface MessageShape {
  /** Well-formed text of 1 to 256 characters: decides the shard. */
  readonly partitionKey: string;
  /** Text (sent as UTF-8) or bytes. */
  readonly data: string | Uint8Array;
  /** A decimal integer from 0 to 2^128 - 1: decides the shard instead of the partition key. */
  readonly explicitHashKey?: string;
}

const KEY_CHARACTERS_MAX = 256;
const KEY_EXPECTED = `a string of 1 to ${KEY_CHARACTERS_MAX} characters or a finite number`;

const DATA_EXPECTED = 'a string, bytes, or a value that JSON can hold';

const DECIMAL = /^(?:0|[1-9]\d{0,38})$/;
const HASH_KEY_MAX = '340282366920938463463374607431768211455';
const HASH_KEY_EXPECTED = 'an integer from 0 to 2^128 - 1, as a bigint or in decimal digits';

/**
 * @see https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html
 */
export class Message implements MessageShape {
  readonly partitionKey: string;
  readonly data: string | Uint8Array;
  declare readonly explicitHashKey?: string;

  /**
   * @param partitionKey 1 to 256 characters, or a finite number, which becomes its decimal text.
   * @param data A string or bytes (any view, or an ArrayBuffer), kept as they are and not copied, so leave bytes
   *   alone until they are sent; any other value becomes its JSON text.
   * @throws BeamlineError `ERR_MESSAGE`, naming the argument.
   */
  constructor(
    partitionKey: string | number,
    data: unknown,
    options?: { readonly explicitHashKey?: string | bigint | undefined },
  ) {
    this.partitionKey = keyText('partitionKey', partitionKey);
    this.data = typeof data === 'string' ? data : dataOf(data);
    if (options?.explicitHashKey !== undefined) this.explicitHashKey = hashKeyOf(options.explicitHashKey);
  }
}

/** A partition key as its text. Throws `ERR_MESSAGE` for what is none; `argument` is its name there. */
export function keyText(argument: string, key: unknown): string {
  if (typeof key === 'string') return textKey(argument, key);
  if (typeof key === 'number' && Number.isFinite(key)) return String(key);
  throw refused(argument, KEY_EXPECTED, kindOf(key));
}

/** The JSON text of a value. Throws `ERR_MESSAGE` for one that JSON cannot hold; `argument` is its name there. */
export function jsonText(argument: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const [reason] = error instanceof Error ? error.message.split('\n', 1) : [];
    throw refused(argument, DATA_EXPECTED, `${kindOf(value)} (${reason ?? kindOf(error)})`, error);
  }
  if (text === undefined || isLost(value, text)) throw refused(argument, DATA_EXPECTED, kindOf(value));
  return text;
}

/**
 * Whether JSON turned the whole value into nothing without a complaint: a Map, or a promise that was not awaited,
 * becomes `{}`, and NaN becomes `null`. Looks at the value only when the text is one of these.
 */
function isLost(value: unknown, text: string): boolean {
  if (text === 'null') return typeof value === 'number';
  return text === '{}' && Object.prototype.toString.call(value) !== '[object Object]';
}

function textKey(argument: string, key: string): string {
  if (key.length === 0 || isTooLong(key) || !key.isWellFormed()) {
    const came = key.isWellFormed() ? kindOf(key) : 'half of a surrogate pair';
    throw refused(argument, KEY_EXPECTED, came);
  }
  return key;
}

/** Kinesis counts characters; a string's length counts UTF-16 units, of which a character has one or two. */
function isTooLong(key: string): boolean {
  if (key.length <= KEY_CHARACTERS_MAX) return false;
  return key.length > KEY_CHARACTERS_MAX * 2 || [...key].length > KEY_CHARACTERS_MAX;
}

function dataOf(data: unknown): string | Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return jsonText('data', data);
}

function hashKeyOf(key: unknown): string {
  const digits = typeof key === 'bigint' ? String(key) : key;
  const valid =
    typeof digits === 'string' &&
    DECIMAL.test(digits) &&
    // Of two decimals of one length the greater is the one that sorts last.
    (digits.length < HASH_KEY_MAX.length || digits <= HASH_KEY_MAX);
  if (!valid) throw refused('explicitHashKey', HASH_KEY_EXPECTED, kindOf(key));
  return digits;
}

function refused(argument: string, expected: string, came: string, cause?: unknown): BeamlineError {
  const options = cause === undefined ? undefined : { cause };
  return new BeamlineError('ERR_MESSAGE', { argument, expected, came }, options);
}
