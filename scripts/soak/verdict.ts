/** Whether the ledger is what was recorded and what is in the stream, and what a run is told as. Pure. */
import type { Ledger } from '../../src/index.ts';
import type { Written } from './life.ts';
import type { Quarter } from './memory.ts';
import type { Found } from './sink.ts';

/** What came of a run, as it is written down. */
export interface SoakResult {
  readonly minutes: number;
  /** Events a second. */
  readonly rate: number;
  readonly quarters: readonly Quarter[];
  readonly written: Written;
  readonly ledger: Ledger;
  readonly found: Found;
  readonly exact: boolean;
  readonly flat: boolean;
}

/** In a sentence of the README. */
export function told({ minutes, rate, quarters, written, ledger, found, exact, flat }: SoakResult): string {
  const [, second, , last] = quarters;
  const mib = (value: number | undefined): string => (value ?? Number.NaN).toFixed(1);
  const missing = written.accepted - written.planted - found.distinct;
  return (
    `${minutes} minutes of ${count(rate)} events a second: ${count(written.accepted)} accepted, ${count(missing)} missing, ` +
    `${count(found.records - found.distinct)} duplicates, ${count(ledger.deadLettered)} dead letters of ` +
    `${count(written.planted)} planted; from the second quarter to the last the heaps went from ${mib(second?.heapMiB)} to ` +
    `${mib(last?.heapMiB)} MiB, the resident size after a collection from ${mib(second?.collectedMiB)} to ${mib(last?.collectedMiB)} MiB, ` +
    `and at any time from ${mib(second?.residentMiB)} to ${mib(last?.residentMiB)} MiB: ` +
    `the ledger is ${exact ? 'exact' : 'NOT exact'}, and what is left after a collection ${flat ? 'flat' : 'NOT flat'} within 5 %`
  );
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Every dead letter is planted poison, and every other event that was accepted is in the stream. */
export function isExact(ledger: Ledger, written: Written, found: Found): boolean {
  const { accepted, refused, planted, unconfirmed, unplanted } = written;
  return (
    ledger.accepted === accepted &&
    ledger.refused === refused &&
    ledger.deadLettered === planted &&
    ledger.delivered === accepted - planted &&
    ledger.pending === 0 &&
    unplanted.length === 0 &&
    unconfirmed === 0 &&
    found.distinct === ledger.delivered &&
    found.strange === 0
  );
}
