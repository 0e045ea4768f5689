/**
 * A process's state as those who inspect see it: plain JSON, bounded in depth, entries and length, and marked where it
 * was cut. What may be a secret or an event's payload is not in it: values under a name that says so, bytes, functions
 * and the claims of a batch are shown by kind and size alone.
 */
import { isPid } from '../../otp/pid.ts';

export type ShownState =
  | null
  | boolean
  | number
  | string
  | readonly ShownState[]
  | { [name: string]: ShownState };

const DEPTH_MAX = 4;
const ENTRIES_MAX = 30;
const TEXT_MAX = 200;
const SECRET = /pass|secret|token|key|credential|auth|cookie|header/i;
/** Where events and messages are held. */
const PAYLOAD = /^(data|events?|messages?|payload|batch(es)?|record)$/i;

export function shownState(state: unknown): ShownState {
  return shown(state, 0);
}

function shown(value: unknown, depth: number): ShownState {
  switch (typeof value) {
    case 'string':
      return value.length <= TEXT_MAX ? value : `${value.slice(0, TEXT_MAX)}… (${value.length} characters)`;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : shownObject(value, depth);
    default:
      return `[${typeof value}]`;
  }
}

function shownObject(value: object, depth: number): ShownState {
  if (isPid(value)) return value.toString();
  if (value instanceof Error) return `${value.name}: ${value.message}`.slice(0, TEXT_MAX);
  if (value instanceof Date) return value.toJSON();
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name} of ${value.byteLength} bytes]`;
  if (value instanceof Map) return shownMap(value, depth);
  if (value instanceof Set) return shownList([...value], depth);
  if (Array.isArray(value)) return shownList(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  // The state itself may be an object of a class; others below it are parts of the machine.
  if (depth > 0 && prototype !== Object.prototype && prototype !== null)
    return `[${value.constructor?.name ?? 'object'}]`;
  if (depth >= DEPTH_MAX) return '[more]';
  return shownEntries(Object.entries(value), depth);
}

function shownMap(map: ReadonlyMap<unknown, unknown>, depth: number): ShownState {
  if (depth >= DEPTH_MAX) return `[Map of ${map.size}]`;
  const entries = [...map]
    .slice(0, ENTRIES_MAX)
    .map(([key, value]): [string, unknown] => [String(key), value]);
  return { ...shownEntries(entries, depth), ...cut(map.size) };
}

function shownList(list: readonly unknown[], depth: number): ShownState {
  if (depth >= DEPTH_MAX) return `[Array of ${list.length}]`;
  const values = list.slice(0, ENTRIES_MAX).map((value) => shown(value, depth + 1));
  return list.length <= ENTRIES_MAX ? values : [...values, `… ${list.length - ENTRIES_MAX} more`];
}

function shownEntries(entries: readonly [string, unknown][], depth: number): { [name: string]: ShownState } {
  const result: { [name: string]: ShownState } = {};
  for (const [name, value] of entries.slice(0, ENTRIES_MAX)) {
    if (SECRET.test(name)) result[name] = '[not shown]';
    else if (PAYLOAD.test(name)) result[name] = sizeOf(value);
    else result[name] = shown(value, depth + 1);
  }
  return { ...result, ...cut(entries.length) };
}

function sizeOf(value: unknown): ShownState {
  if (Array.isArray(value)) return `[${value.length} not shown]`;
  return value === undefined || value === null ? null : '[not shown]';
}

function cut(size: number): { [name: string]: ShownState } {
  return size <= ENTRIES_MAX ? {} : { truncated: `${size - ENTRIES_MAX} more` };
}
