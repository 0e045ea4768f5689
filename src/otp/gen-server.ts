/**
 * GenServer: a process that answers calls, takes casts and other messages, one at a time, and keeps a state.
 *
 *     import { type GenServer, type Request, Runtime, noreply, ok, reply, start } from 'beamline/otp';
 *
 *     type Call = Request<{ type: 'get' }, number> | Request<{ type: 'add'; by: number }, number>;
 *     const counter: GenServer<{ argument: number; state: number; call: Call }> = {
 *       init: (from) => ok(from),
 *       handleCall: {
 *         get: (_message, state) => reply(state, state),
 *         add: ({ by }, state) => reply(state + by, state + by),
 *       },
 *     };
 *
 * A callback gets the state and returns the next one, or a promise of it; while the promise is pending the process
 * handles nothing else. A callback that throws, or returns something that is no result, ends the process, after
 * `terminate`. Behaves as Erlang's gen_server (https://www.erlang.org/doc/apps/stdlib/gen_server.html).
 */
import type { ReplyTo, SystemMessage } from './envelope.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Destination, Pid } from './pid.ts';
import type { Behaviour, Process } from './process.ts';
import type { Awaitable, CallResult, InitResult, Result } from './result.ts';
import type { Parent, Runtime, SpawnOptions } from './runtime.ts';
import { type AnyServer, ServerBehaviour } from './server-behaviour.ts';
import type { StartResult } from './start.ts';

declare const replyType: unique symbol;

/** A message and, in its type, the type of its answer. */
export type Request<Message extends { readonly type: string }, Reply> = Message & {
  readonly [replyType]?: Reply;
};

/** The types of a GenServer; leave out what it does not take. */
export interface ServerSpec {
  readonly argument?: unknown;
  readonly state?: unknown;
  readonly call?: { readonly type: string };
  readonly cast?: unknown;
  readonly info?: unknown;
  readonly continue?: unknown;
}

export type CallOf<Spec> = Spec extends { readonly call: infer Call extends { readonly type: string } }
  ? Call
  : never;
export type CastOf<Spec> = Spec extends { readonly cast: infer Cast } ? Cast : never;
export type ReplyOf<Call, Type> =
  Extract<Call, { readonly type: Type }> extends { readonly [replyType]?: infer Reply } ? Reply : unknown;
type Field<Spec, Name extends keyof ServerSpec, Default> = Spec extends { readonly [N in Name]: infer Value }
  ? Value
  : Default;

/** Whom to answer, later: `self.reply(from, value)`, in any callback. */
export interface From<Reply = unknown> extends ReplyTo {
  readonly [replyType]?: Reply;
}

export interface GenServer<Spec extends ServerSpec = ServerSpec> {
  /** What the observer shows; `worker` if left out. */
  readonly kind?: string;
  /** Traps exits from the first moment. */
  readonly trapExit?: boolean;
  init(
    argument: Field<Spec, 'argument', undefined>,
    self: Process,
  ): Awaitable<InitResult<Field<Spec, 'state', undefined>>>;
  /** One function for each type of call; the type of its answer is checked. */
  readonly handleCall?: {
    readonly [Type in CallOf<Spec>['type']]: (
      message: Extract<CallOf<Spec>, { readonly type: Type }>,
      state: Field<Spec, 'state', undefined>,
      from: From<ReplyOf<CallOf<Spec>, Type>>,
      self: Process,
    ) => Awaitable<CallResult<Field<Spec, 'state', undefined>, ReplyOf<CallOf<Spec>, Type>>>;
  };
  handleCast?(
    message: CastOf<Spec>,
    state: Field<Spec, 'state', undefined>,
    self: Process,
  ): Awaitable<Result<Field<Spec, 'state', undefined>>>;
  handleInfo?(
    message: Field<Spec, 'info', never> | SystemMessage,
    state: Field<Spec, 'state', undefined>,
    self: Process,
  ): Awaitable<Result<Field<Spec, 'state', undefined>>>;
  handleContinue?(
    continuation: Field<Spec, 'continue', never>,
    state: Field<Spec, 'state', undefined>,
    self: Process,
  ): Awaitable<Result<Field<Spec, 'state', undefined>>>;
  /** Last words. Not on `kill`, not when a signal ends a process that does not trap exits, not after a failed init. */
  terminate?(reason: ExitReason, state: Field<Spec, 'state', undefined>, self: Process): Awaitable<void>;
}

export interface StartOptions {
  readonly name?: SpawnOptions['name'];
  readonly label?: string | undefined;
}

/** Starts a GenServer that is linked to nobody. */
export function start<Spec extends ServerSpec>(
  runtime: Runtime,
  module: GenServer<Spec>,
  argument: Field<Spec, 'argument', undefined>,
  options: StartOptions = {},
): Promise<StartResult<Spec>> {
  return runtime.start(undefined, serverBehaviour(module, argument), options);
}

/** Starts a GenServer as a linked child of `parent`, from inside one of its callbacks or for one elsewhere. */
export function startLink<Spec extends ServerSpec>(
  parent: Parent,
  module: GenServer<Spec>,
  argument: Field<Spec, 'argument', undefined>,
  options: StartOptions = {},
): Promise<StartResult<Spec>> {
  return parent.runtime.startLink(parent, serverBehaviour(module, argument), options);
}

interface Caller {
  call(to: Destination, message: unknown, options?: { readonly timeoutMs?: number }): Promise<unknown>;
  cast(to: Destination, message: unknown): void;
}

/**
 * Calls a GenServer, from a process or from a runtime. The type of the answer follows from the message when the pid
 * says what its process understands; under a name anybody may be found, so the answer is `unknown`. Fails with an
 * `OperationFailed`: `noproc`, `timeout` (after 5 s unless `timeoutMs` says otherwise), or the reason of its end.
 */
export function call<Spec, const Message extends CallOf<Spec>>(
  caller: Caller,
  to: Pid<Spec>,
  message: Message,
  options?: { readonly timeoutMs?: number },
): Promise<ReplyOf<CallOf<Spec>, Message['type']>>;
export function call(
  caller: Caller,
  to: Exclude<Destination, Pid>,
  message: { readonly type: string },
  options?: { readonly timeoutMs?: number },
): Promise<unknown>;
export function call(
  caller: Caller,
  to: Destination,
  message: unknown,
  options?: { readonly timeoutMs?: number },
): Promise<unknown> {
  return caller.call(to, message, options);
}

/** Sends a GenServer what it does not answer. Never fails: what finds nobody is counted by the runtime. */
export function cast<Spec>(caller: Caller, to: Pid<Spec>, message: CastOf<Spec>): void;
export function cast(caller: Caller, to: Exclude<Destination, Pid>, message: unknown): void;
export function cast(caller: Caller, to: Destination, message: unknown): void {
  caller.cast(to, message);
}

/** The behaviour of a process that runs a GenServer's module. */
export function serverBehaviour<Spec extends ServerSpec>(
  module: GenServer<Spec>,
  argument: Field<Spec, 'argument', undefined>,
): Behaviour {
  return new ServerBehaviour(module as unknown as AnyServer, argument);
}
