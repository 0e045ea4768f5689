/** A dead letter as bytes, in the codec of the events: what its data are is kept as an event's are. Pure. */
import { byteTarget, Decoder, Encoder, SLACK_BYTES } from '../../threads/queue/index.ts';
import type { StoredLetter } from './protocol.ts';

/** The largest event, and an error beside it. */
const LETTER_BYTES_MAX = 2 * 1024 * 1024;
const TEXT_MAX = 4096;

export function encodeLetter({ id: _, ...letter }: StoredLetter): Uint8Array {
  const target = byteTarget(LETTER_BYTES_MAX);
  const { name, message, code } = letter.error;
  const error = { name: name.slice(0, TEXT_MAX), message: message.slice(0, TEXT_MAX), code };
  const length = new Encoder().encode({ ...letter, error }, target, 0, LETTER_BYTES_MAX - SLACK_BYTES);
  return target.bytes.subarray(0, length);
}

export function decodeLetter(id: string, value: Uint8Array): StoredLetter {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const letter = new Decoder().decode(bytes, 0, bytes.length) as Omit<StoredLetter, 'id'>;
  return { id, ...letter };
}
