/**
 * Shared memory that is address space until it is written to, also in a process that has made and freed others before.
 *
 * The C library maps a large allocation afresh, untouched. From the first one that is freed on it takes those of up to
 * that size, though of no more than 32 MiB, out of memory that was used before, which it has to write zeros over: all
 * of it is resident from then on. What is larger is always mapped.
 */

const ALWAYS_MAPPED_BYTES = 32 * 2 ** 20 + 4096;
/** Below this the zeros cost less than the address space that avoids them. */
const SMALL_BYTES = 8 * 2 ** 20;

/** At least `bytes` of zeros. */
export function untouchedMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes < SMALL_BYTES ? bytes : Math.max(bytes, ALWAYS_MAPPED_BYTES));
}
