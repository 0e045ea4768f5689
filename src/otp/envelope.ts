/**
 * What can lie in a mailbox: one closed union. The user's messages travel inside; the envelope says how they came.
 */
import type { ExitReason } from './exit-reason.ts';
import type { Destination, NodeId, Pid } from './pid.ts';
import type { TraceRequest } from './trace.ts';
import type { Wait } from './wait.ts';

/** Names one monitor, one task or one timer. Unique over all nodes. */
export type Ref = number;

/** Who waits for the answer to a call. Plain data, but for `wait`, which only the caller's own node has. */
export interface ReplyTo {
  readonly pid: Pid | undefined;
  readonly node: NodeId;
  readonly ref: Ref;
  readonly wait?: Wait<unknown> | undefined;
}

/** A message that the runtime itself puts into a mailbox; `handleInfo` gets it beside the user's own. */
export type SystemMessage =
  /** A linked process ended, or an exit signal came (only to processes that trap exits). */
  | { readonly type: 'EXIT'; readonly from: Pid; readonly reason: ExitReason }
  /** A monitored process ended. `target` is what was given to `monitor`. */
  | { readonly type: 'DOWN'; readonly ref: Ref; readonly target: Destination; readonly reason: ExitReason }
  /** No message came within the `timeoutMs` of the last callback's result. */
  | { readonly type: 'timeout' }
  /** The value of a task that nobody awaits. */
  | { readonly type: 'task_result'; readonly ref: Ref; readonly value: unknown };

export type Envelope =
  | { readonly type: 'info'; readonly message: unknown }
  | { readonly type: 'cast'; readonly message: unknown }
  | { readonly type: 'call'; readonly message: unknown; readonly from: ReplyTo }
  | { readonly type: 'system'; readonly message: SystemMessage }
  | { readonly type: 'sys'; readonly request: SysRequest; readonly from: ReplyTo };

/** What every process answers, whatever its module: Erlang's `sys`. */
export type SysRequest =
  | { readonly type: 'stop'; readonly reason: ExitReason }
  | { readonly type: 'get_state' }
  | { readonly type: 'suspend' }
  | { readonly type: 'resume' }
  | TraceRequest;

export function systemEnvelope(message: SystemMessage): Envelope {
  return { type: 'system', message };
}

/** It tells that what this monitor watches has ended. */
export function isDown(envelope: Envelope, ref: Ref): boolean {
  return envelope.type === 'system' && envelope.message.type === 'DOWN' && envelope.message.ref === ref;
}

/** Why what was watched has ended; undefined for anything else than a DOWN. */
export function downReason(envelope: Envelope | undefined): ExitReason | undefined {
  return envelope?.type === 'system' && envelope.message.type === 'DOWN'
    ? envelope.message.reason
    : undefined;
}

/** It tells that this process, to which its receiver is linked, has ended. */
export function isExitOf(envelope: Envelope, { key }: Pid): boolean {
  return envelope.type === 'system' && envelope.message.type === 'EXIT' && envelope.message.from.key === key;
}

/** What kind of message it is, for those who inspect: its `type`, or what it is made of. Never what it says. */
export function messageType(envelope: Envelope): string {
  if (envelope.type === 'sys') return envelope.request.type;
  const { message } = envelope;
  if (typeof message !== 'object' || message === null) return typeof message;
  const { type } = message as { readonly type?: unknown };
  return typeof type === 'string' ? type.slice(0, 40) : 'object';
}
