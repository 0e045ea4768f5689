/**
 * What crosses between threads as a value: plain data goes as it is; pids, errors and what cannot be cloned are
 * replaced by tagged plain objects and rebuilt on arrival. Pure. A structured clone alone would lose an error's
 * class, code and fields, and would refuse a function anywhere in a message.
 *
 *     Pid       -> { $beamline: 'pid', node, serial }
 *     Error     -> { $beamline: 'error', name, message, stack, code, cause, fields }
 *     function  -> { $beamline: 'opaque', text }            arrives as that text
 */
import { isPid, ProcessId } from '../otp/pid.ts';
import { type ErrorRebuilders, hideOn, type PlainError, plainError, rebuildError } from './error-codec.ts';

const TAG = '$beamline';
/** Deeper than this nothing is looked into; what lies there crosses as text. */
const DEPTH_MAX = 64;

export interface TermCodec {
  encode(term: unknown): unknown;
  decode(wire: unknown): unknown;
}

/** `rebuilders` give errors their classes back, by code. */
export function termCodec(rebuilders: ErrorRebuilders = new Map()): TermCodec {
  return {
    encode: (term) => encode(term, new Map(), 0),
    decode: (wire) => decode(wire, new Map(), rebuilders),
  };
}

function encode(term: unknown, seen: Map<object, unknown>, depth: number): unknown {
  if (typeof term === 'function' || typeof term === 'symbol') return { [TAG]: 'opaque', text: String(term) };
  if (typeof term !== 'object' || term === null) return term;
  if (isPid(term)) return { [TAG]: 'pid', node: term.node, serial: term.serial };
  const known = seen.get(term);
  if (known !== undefined) return known;
  if (depth > DEPTH_MAX) return { [TAG]: 'opaque', text: Object.prototype.toString.call(term) };
  if (term instanceof Error) {
    const wire: Record<string, unknown> = { [TAG]: 'error' };
    seen.set(term, wire);
    const plain = plainError(term);
    for (const [key, value] of Object.entries(plain)) wire[key] = encode(value, seen, depth + 1);
    return wire;
  }
  if (Array.isArray(term)) {
    const wire: unknown[] = [];
    seen.set(term, wire);
    for (const item of term) wire.push(encode(item, seen, depth + 1));
    return wire;
  }
  if (!isRecord(term)) return isCloneable(term) ? term : encode({ ...term }, seen, depth + 1);
  const wire: Record<string, unknown> = {};
  seen.set(term, wire);
  if (!Object.hasOwn(term, TAG)) {
    encodeFields(term, wire, seen, depth);
    return wire;
  }
  // The user's own key of that name must not be taken for the tag.
  const fields = {};
  encodeFields(term, fields, seen, depth);
  wire[TAG] = 'object';
  wire.fields = fields;
  return wire;
}

function encodeFields(from: object, to: object, seen: Map<object, unknown>, depth: number): void {
  for (const key of Object.keys(from)) {
    set(to, key, encode((from as Record<string, unknown>)[key], seen, depth + 1));
  }
}

function decode(wire: unknown, seen: Map<object, unknown>, rebuilders: ErrorRebuilders): unknown {
  if (typeof wire !== 'object' || wire === null) return wire;
  if (seen.has(wire)) return seen.get(wire);
  if (Array.isArray(wire)) {
    const term: unknown[] = [];
    seen.set(wire, term);
    for (const item of wire) term.push(decode(item, seen, rebuilders));
    return term;
  }
  if (!isRecord(wire)) return wire;
  switch (wire[TAG]) {
    case 'pid':
      return new ProcessId(wire.node as number, wire.serial as number);
    case 'opaque':
      return wire.text;
    case 'error': {
      // Its fields make the error, so what leads back to it from there is left out; its cause is set afterwards.
      seen.set(wire, undefined);
      const fields = decode(wire.fields, seen, rebuilders) as PlainError['fields'];
      const error = rebuildError({ ...(wire as unknown as PlainError), fields }, rebuilders);
      seen.set(wire, error);
      if (wire.cause !== undefined) hideOn(error, 'cause', decode(wire.cause, seen, rebuilders));
      return error;
    }
    default: {
      const term: Record<string, unknown> = {};
      seen.set(wire, term);
      const fields = wire[TAG] === 'object' ? (wire.fields as Record<string, unknown>) : wire;
      for (const key of Object.keys(fields)) set(term, key, decode(fields[key], seen, rebuilders));
      return term;
    }
  }
}

/** Own properties only: `__proto__` is data here, and is the one key that an assignment takes for something else. */
function set(target: object, key: string, value: unknown): void {
  if (key !== '__proto__') (target as Record<string, unknown>)[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function isRecord(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Objects that a structured clone carries whole. */
function isCloneable(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof ArrayBuffer ||
    value instanceof SharedArrayBuffer ||
    ArrayBuffer.isView(value) ||
    value instanceof MessagePort
  );
}
