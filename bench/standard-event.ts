/**
 * The events that everything is measured with. `standard`: the sign-up whose JSON has 213 bytes (a user, the request's
 * context, a step, a time); `kilobyte` and `tenKilobytes`: the same with what shops send along. All are different, and
 * made before anything is timed.
 */
import type { RequestContext } from '../src/index.ts';
import { check } from './scenario.ts';

export interface SignUp {
  readonly user: { readonly id: number; readonly publicId: string };
  readonly step: string;
  readonly request: RequestContext;
  readonly time: string;
}

export interface Order extends SignUp {
  readonly items: readonly {
    readonly sku: string;
    readonly name: string;
    readonly quantity: number;
    readonly price: number;
    readonly gift: boolean;
  }[];
}

const EVENTS = 1024;

export const STANDARD_BYTES = 213;

export function standardEvents(): readonly SignUp[] {
  const events = Array.from({ length: EVENTS }, (_, i) => signUp(100_000 + i));
  for (const event of events) {
    const bytes = JSON.stringify(event).length;
    check(bytes === STANDARD_BYTES, `the standard event has ${bytes} bytes`);
  }
  return events;
}

export function kilobyteEvents(): readonly Order[] {
  return Array.from({ length: EVENTS }, (_, i) => order(100_000 + i, 10));
}

export function tenKilobyteEvents(): readonly Order[] {
  return Array.from({ length: EVENTS / 8 }, (_, i) => order(100_000 + i, 124));
}

function signUp(id: number): SignUp {
  return {
    user: { id, publicId: `user_${id}` },
    step: 'confirmed',
    request: {
      request: { id: `r-${id}`, method: 'POST', path: '/sign-up' },
      session: { id: `s-${id}`, index: 12 },
    },
    time: '2026-01-02T03:04:05.678Z',
  };
}

function order(id: number, items: number): Order {
  return {
    ...signUp(id),
    items: Array.from({ length: items }, (_, i) => ({
      sku: `sku-${id + i}`,
      name: `Thing number ${i % 10}`,
      quantity: 1 + (i % 3),
      price: 1999 + i,
      gift: i % 2 === 0,
    })),
  };
}
