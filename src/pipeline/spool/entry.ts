/**
 * The bytes of an entry: a group of frames, copied as they stood, and what is needed to read them in another process.
 *
 *     0  format   Uint8     1
 *     1  prefix   Uint8     its length
 *     4  check    Uint32    CRC-32 of all the other bytes
 *     8  prefix             the id of a native frame, but for its sequence number: `<boot>-<writer>-`
 *        frames             each with its header, one after the other
 *
 * Pure. Bytes that are not what was written are found by their check, and never decoded.
 */
import { crc32 } from 'node:zlib';
import { bareFrameBytes, eventOfFrame, type RestoredEvent } from '../../threads/queue/index.ts';

const FORMAT = 1;
const HEADER_BYTES = 8;
const CHECK_AT = 4;

/** An entry with room for so many bytes of frames, which begin at `framesAt`; to be `seal`ed when they are there. */
export function newEntry(
  prefix: string,
  frameBytes: number,
): { readonly value: Buffer; readonly framesAt: number } {
  const framesAt = HEADER_BYTES + prefix.length;
  const value = Buffer.allocUnsafe(framesAt + frameBytes);
  value.fill(0, 0, HEADER_BYTES);
  value[0] = FORMAT;
  value[1] = prefix.length;
  value.write(prefix, HEADER_BYTES, 'latin1');
  return { value, framesAt };
}

export function sealEntry(value: Buffer): void {
  value.writeUInt32LE(checkOf(value), CHECK_AT);
}

/** The events of an entry; undefined when these are not the bytes that were written, or not all of them. */
export function eventsOfEntry(value: Uint8Array, events: number): RestoredEvent[] | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const framesAt = HEADER_BYTES + (bytes[1] ?? 0);
  if (bytes[0] !== FORMAT || bytes.length < framesAt) return undefined;
  if (checkOf(bytes) !== bytes.readUInt32LE(CHECK_AT)) return undefined;
  const prefix = bytes.toString('latin1', HEADER_BYTES, framesAt);
  const found: RestoredEvent[] = [];
  for (let at = framesAt; at < bytes.length; ) {
    const size = bareFrameBytes(bytes, at);
    found.push(eventOfFrame(bytes.subarray(at, at + size), prefix));
    at += size;
  }
  return found.length === events ? found : undefined;
}

function checkOf(bytes: Buffer): number {
  return crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, CHECK_AT)));
}
