/**
 * Leaves fields out of an event context, by their paths in the record: `user.traits.email`. What was given is not
 * changed: whatever lies on the way to a field is copied. The list goes along with the context, so that what is added to
 * it later can be held to it too.
 */

/** Paths of fields, steps joined by dots. */
export type RedactList = readonly string[];

const REDACT = Symbol('redact');

export function redacted<Context extends object>(context: Context, paths: RedactList): Context {
  const copy = paths.reduce<object>((value, path) => without(value, path.split('.')), context) as Context;
  // Not seen by who enumerates, clones or prints the context.
  return Object.defineProperty(copy, REDACT, { value: paths });
}

/** The list that a context was made with. */
export function redactListOf(context: object): RedactList | undefined {
  return (context as { readonly [REDACT]?: RedactList })[REDACT];
}

/** A section as it may be shown: the list's paths that begin with its name are left out. */
export function redactedSection<Section extends object>(
  name: string,
  section: Section,
  paths: RedactList,
): Section {
  const { [name]: shown } = paths.reduce<object>((value, path) => without(value, path.split('.')), {
    [name]: section,
  }) as Readonly<Record<string, Section | undefined>>;
  return shown ?? ({} as Section);
}

function without(value: object, [step = '', ...rest]: readonly string[]): object {
  const inner: unknown = (value as Readonly<Record<string, unknown>>)[step];
  if (inner === undefined) return value;
  if (rest.length === 0) return { ...value, [step]: undefined };
  return typeof inner === 'object' && inner !== null ? { ...value, [step]: without(inner, rest) } : value;
}
