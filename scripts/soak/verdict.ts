/** Whether the ledger is what was recorded, and what is in the stream. Pure. */
import type { Ledger } from '../../src/index.ts';
import type { Written } from './life.ts';
import type { Found } from './sink.ts';

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
