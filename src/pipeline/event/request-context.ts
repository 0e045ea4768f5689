/**
 * What is known of the circumstances in which an event happens: its sections and their fields, how several are laid over
 * each other, and the one that holds for everything that a request sets off.
 *
 *     EventContext.run(EventContext.fromRequest(req), () => handle(req, res));
 *     ... SignUp.record({ step: 'confirm' });      // anywhere below it, after any await
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** An identifier of the application's own; it is text in the record. */
export type Id = string | number | bigint;

/** JSON values by name. */
export type Traits = Readonly<Record<string, unknown>>;

export interface UserData {
  readonly id?: Id | null | undefined;
  readonly anonymousId?: string | null | undefined;
  readonly tenantId?: Id | null | undefined;
  /** Taken over whole: what is put here is sent. */
  readonly traits?: Traits | null | undefined;
}

export interface SessionData {
  readonly id?: Id | undefined;
  /** Which session of this user, from 1. */
  readonly index?: number | undefined;
}

export interface DeviceData {
  readonly id?: Id | undefined;
  /** `mobile`, `tablet`, `desktop`, `server`, ... */
  readonly type?: string | undefined;
  readonly os?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly model?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
}

export interface RequestData {
  readonly id?: Id | undefined;
  readonly method?: string | undefined;
  /** Its query, which may hold secrets, is cut off. */
  readonly path?: string | undefined;
  readonly referrer?: string | undefined;
  /** Left out unless `includeIp` is given. */
  readonly ip?: string | undefined;
}

export interface AppData {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly environment?: string | undefined;
  readonly instance?: string | undefined;
  readonly region?: string | undefined;
}

export interface TraceData {
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
}

/** The circumstances in which an event happens, each known or not: what a request knows, as a rule. */
export interface RequestContext {
  readonly user?: UserData | null | undefined;
  readonly session?: SessionData | null | undefined;
  readonly device?: DeviceData | null | undefined;
  readonly request?: RequestData | null | undefined;
  readonly app?: AppData | null | undefined;
  readonly trace?: TraceData | null | undefined;
}

const SECTIONS = ['user', 'session', 'device', 'request', 'app', 'trace'] as const;

const store = new AsyncLocalStorage<RequestContext>();

/**
 * Calls `callback`; until it is done, with all that it awaits and sets off, `current()` is this context, laid over the one
 * that holds outside of it. Returns what `callback` does.
 */
export function run<Result>(context: RequestContext, callback: () => Result): Result {
  return store.run(merge(store.getStore(), context), callback);
}

/** The context that holds here; undefined outside of every `run`. */
export function current(): RequestContext | undefined {
  return store.getStore();
}

/** Lays contexts over each other, field by field; a later one goes before an earlier one. Changes none of them. */
export function merge(...contexts: readonly (RequestContext | null | undefined)[]): RequestContext {
  const merged: Record<string, object> = {};
  for (const context of contexts) {
    for (const name of SECTIONS) {
      const section = context?.[name];
      if (section) merged[name] = { ...merged[name], ...known(section) };
    }
  }
  return merged;
}

/** An event with what is known of its circumstances: `defined`, under `run`'s, under what the event says itself. */
export function withContext(event: unknown, defined: RequestContext): unknown {
  if (typeof event !== 'object' || event === null) return event;
  const { context } = event as { readonly context?: RequestContext };
  const around = store.getStore();
  // Recorded at once, so what is recorded may be the definition's own.
  const circumstances = around === undefined && !context ? defined : merge(defined, around, context);
  // Not `{ ...event, context }`: what V8 makes of that has a shape of its own each time, at ten times the cost.
  const whole: Record<string, unknown> = { context: undefined, ...event };
  whole.context = circumstances;
  return whole;
}

/** A field that is not known does not hide one that is. */
function known(section: object): object {
  const fields = Object.entries(section);
  if (fields.every(([, value]) => value !== undefined)) return section;
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}
