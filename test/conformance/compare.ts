/** Sorting and comparing what was observed with what was recorded (FORMAT.md, section 7). */
import type { Json, Observation, Order, StepRecord } from './format.ts';

/** Keys sorted, no spaces: equal values have equal texts. */
export function compactJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(compactJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as { readonly [key: string]: Json }).sort(([a], [b]) => ascii(a, b));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${compactJson(inner)}`).join(',')}}`;
}

/** Numbers by value and before texts, texts in ASCII order, lists element by element. */
export function sorted(list: readonly Json[]): Json[] {
  return [...list].sort(compareJson);
}

/** The observations of one step in the order that its rule asks for. */
export function ordered(log: readonly Observation[], order: Order): Observation[] {
  switch (order) {
    case 'total':
      return [...log];
    case 'process':
      return [...log].sort((a, b) => ascii(String(a[1]), String(b[1])));
    case 'set':
      return [...log].sort((a, b) => ascii(compactJson(a), compactJson(b)));
  }
}

export function orderedExits(
  exits: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  return [...exits].sort(([a, x], [b, y]) => ascii(a, b) || ascii(x, y));
}

export function sameRecord(a: StepRecord, b: StepRecord): boolean {
  return compactJson(a as Json) === compactJson(b as Json);
}

function ascii(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareJson(a: Json, b: Json): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const difference = compareJson(a[i] as Json, b[i] as Json);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  }
  return rank(a) - rank(b) || ascii(String(a), String(b));
}

function rank(value: Json): number {
  if (typeof value === 'number') return 0;
  return Array.isArray(value) ? 2 : 1;
}
