/** What a GenServer's callback returns: the next state, an answer, an end, and what comes after it. */
import type { ExitReason } from './exit-reason.ts';

/** What comes after a result: a continuation that runs before any message, or a message if none comes in time. */
export interface Then {
  readonly continue?: unknown;
  /** Milliseconds until a `{ type: 'timeout' }` message, unless another message comes first. */
  readonly timeoutMs?: number;
  /** Stages only: events to send out when the callback has returned. */
  readonly events?: readonly unknown[];
}

export type InitResult<State> =
  | { readonly type: 'ok'; readonly state: State; readonly then: Then | undefined; readonly info?: unknown }
  | { readonly type: 'ignore' }
  | { readonly type: 'stop'; readonly reason: ExitReason };
export type Result<State> =
  | { readonly type: 'noreply'; readonly state: State; readonly then: Then | undefined }
  | StopResult<State>;
export type CallResult<State, Reply> =
  | Result<State>
  | { readonly type: 'reply'; readonly value: Reply; readonly state: State; readonly then: Then | undefined };
export interface StopResult<State> {
  readonly type: 'stop';
  readonly reason: ExitReason;
  readonly state: State;
  /** The answer to the call that is being handled; the caller gets it after `terminate` has run. */
  readonly answer?: { readonly value: unknown };
}

export type Awaitable<Value> = Value | Promise<Value>;

export function ok<State>(state: State, then?: Then & { readonly info?: unknown }): InitResult<State> {
  return then?.info === undefined
    ? { type: 'ok', state, then }
    : { type: 'ok', state, then, info: then.info };
}

export function ignore(): InitResult<never> {
  return { type: 'ignore' };
}

/** Refuses to start: the starter gets an error with this reason. */
export function refuse(reason: ExitReason): InitResult<never> {
  return { type: 'stop', reason };
}

export function noreply<State>(state: State, then?: Then): Result<State> {
  return { type: 'noreply', state, then };
}

export function reply<State, Reply>(value: Reply, state: State, then?: Then): CallResult<State, Reply> {
  return { type: 'reply', value, state, then };
}

/** Ends the process after `terminate`. With `answer` the current call is answered first. */
export function stop<State>(
  reason: ExitReason,
  state: State,
  answer?: { readonly value: unknown },
): StopResult<State> {
  return answer === undefined ? { type: 'stop', reason, state } : { type: 'stop', reason, state, answer };
}
