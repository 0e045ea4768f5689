/**
 * Where a key stands on the ring of 2^128 hash keys. Written as 32 hexadecimal digits, whose order as text is their
 * order as numbers.
 */
import { hash } from 'node:crypto';

export const HASH_KEYS = 2n ** 128n;

export function hashKeyOf(partitionKey: string, explicitHashKey: string | undefined): string {
  return explicitHashKey === undefined
    ? hash('md5', partitionKey, 'hex')
    : BigInt(explicitHashKey).toString(16).padStart(32, '0');
}

export function toHex(hashKey: bigint): string {
  return hashKey.toString(16).padStart(32, '0');
}
