/**
 * Words that the test and the handlers share, in whatever threads those run: doors that a test closes and opens, and
 * a handler waits at. Made by the first who imports this, handed on to the threads that are started afterwards.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const KEY = 'beamline tests: gates';
const COUNT = 16;

function shared(): Int32Array {
  const known = getEnvironmentData(KEY);
  if (known instanceof SharedArrayBuffer) return new Int32Array(known);
  const made = new SharedArrayBuffer(COUNT * Int32Array.BYTES_PER_ELEMENT);
  setEnvironmentData(KEY, made);
  return new Int32Array(made);
}

const words = shared();
const OPEN = 0;
const CLOSED = 1;

export const GATE = { handle: 0, moduleA: 1, sink: 2, busy: 3 } as const;
export type Gate = keyof typeof GATE;

export function close(gate: Gate): void {
  Atomics.store(words, GATE[gate], CLOSED);
}

export function open(gate: Gate): void {
  Atomics.store(words, GATE[gate], OPEN);
  Atomics.notify(words, GATE[gate]);
}

export function openAll(): void {
  for (const gate of Object.keys(GATE) as Gate[]) open(gate);
}

export function isClosed(gate: Gate): boolean {
  return Atomics.load(words, GATE[gate]) === CLOSED;
}

/** Resolves when the gate is open. */
export async function passed(gate: Gate): Promise<void> {
  while (isClosed(gate)) {
    const waiting = (Atomics as unknown as WaitAsync).waitAsync(words, GATE[gate], CLOSED);
    if (waiting.async) await waiting.value;
  }
}

/** Returns when the gate is open, and lets nothing else happen in this thread until then. */
export function blockedBy(gate: Gate): void {
  while (isClosed(gate)) Atomics.wait(words, GATE[gate], CLOSED, 50);
}

/** Not in the library types of ES2023. */
interface WaitAsync {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<string> };
}
