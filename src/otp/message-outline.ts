/**
 * What a message looks like, on one line: the names of its fields and the kinds of what is in them, and nothing that is
 * in them. With `values` numbers, booleans and short texts are shown too, but for those under a name that says that they
 * are secret. Pure. Bounds: `DEPTH_MAX` levels, `FIELDS_MAX` fields of each, `TEXT_MAX` characters of a text.
 */
import { isPid } from './pid.ts';

/** `kinds`: what is in the fields is not shown. */
export type OutlineDetail = 'kinds' | 'values';

const DEPTH_MAX = 3;
const FIELDS_MAX = 8;
const TEXT_MAX = 60;
const SECRET = /pass|secret|token|key|credential|auth|cookie/i;
/** A key that is no name may be somebody's data: an address in a table by address. */
const NAME = /^[A-Za-z_$][\w$]{0,39}$/;

export function outlineOf(message: unknown, detail: OutlineDetail): string {
  return outline(message, detail, 0);
}

function outline(value: unknown, detail: OutlineDetail, depth: number): string {
  if (typeof value === 'object' && value !== null) return ofObject(value, detail, depth);
  if (typeof value === 'function' || typeof value === 'symbol' || value === undefined || value === null)
    return value === null ? 'null' : typeof value;
  if (detail === 'kinds') return typeof value;
  if (typeof value !== 'string') return typeof value === 'bigint' ? `${value}n` : String(value);
  return value.length <= TEXT_MAX
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, TEXT_MAX))}… (${value.length} characters)`;
}

function ofObject(value: object, detail: OutlineDetail, depth: number): string {
  if (isPid(value)) return value.toString();
  if (value instanceof Error) return value.name;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name}(${value.size})`;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${value.length} × ${outline(value[0], detail, depth + 1)}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const maker = prototype === null ? '' : (prototype as { readonly constructor?: unknown }).constructor;
  const name = typeof maker === 'function' && maker !== Object ? `${maker.name} ` : '';
  if (depth >= DEPTH_MAX) return `${name}{…}`;
  return `${name}{${fields(value, detail, depth)}}`;
}

function fields(value: object, detail: OutlineDetail, depth: number): string {
  const names = Object.keys(value);
  const shown = names.slice(0, FIELDS_MAX).map((name) => {
    // A getter could do anything.
    const field: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
    if (!NAME.test(name)) return `…: ${outline(field, 'kinds', depth + 1)}`;
    // The message's own type says what kind it is, and is no payload.
    if (depth === 0 && name === 'type' && typeof field === 'string') return `type: ${field.slice(0, 40)}`;
    return `${name}: ${outline(field, SECRET.test(name) ? 'kinds' : detail, depth + 1)}`;
  });
  if (names.length > FIELDS_MAX) shown.push(`… ${names.length - FIELDS_MAX} more`);
  return shown.join(', ');
}
