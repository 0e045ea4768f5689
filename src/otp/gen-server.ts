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
import type { Envelope, ReplyTo, SystemMessage } from './envelope.ts';
import { type ExitReason, reasonOf } from './exit-reason.ts';
import type { Destination, Pid } from './pid.ts';
import { type Behaviour, type Process, systemEnvelope } from './process.ts';
import type { Parent, Runtime, SpawnOptions } from './runtime.ts';
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

type Awaitable<Value> = Value | Promise<Value>;

/** Who to answer, later: `from.reply`-style calls are made by `reply.to`. */
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

/** A call of a type that the server's module has no function for. */
export class UnknownMessage extends Error {
  override readonly name = 'UnknownMessage';
  readonly code = 'ERR_UNKNOWN_MESSAGE';

  constructor(how: 'call' | 'cast' | 'continue', message: unknown) {
    const type =
      typeof message === 'object' && message !== null && 'type' in message
        ? String(message.type)
        : typeof message;
    super(`no function for a ${how} of type ${type}`);
  }
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
  return runtime.start(undefined, serverBehaviour(module, argument), options) as Promise<StartResult<Spec>>;
}

/** Starts a GenServer as a linked child of `parent`, from inside one of its callbacks or for one elsewhere. */
export function startLink<Spec extends ServerSpec>(
  parent: Parent,
  module: GenServer<Spec>,
  argument: Field<Spec, 'argument', undefined>,
  options: StartOptions = {},
): Promise<StartResult<Spec>> {
  return parent.runtime.startLink(parent, serverBehaviour(module, argument), options) as Promise<
    StartResult<Spec>
  >;
}

interface Caller {
  call(to: Destination, message: unknown, options?: { readonly timeoutMs?: number }): Promise<unknown>;
  cast(to: Destination, message: unknown): void;
}

/** Calls a GenServer, from a process or from a runtime: the type of the answer follows from the message. */
export function call<Spec, const Message extends CallOf<Spec>>(
  caller: Caller,
  to: Pid<Spec>,
  message: Message,
  options?: { readonly timeoutMs?: number },
): Promise<ReplyOf<CallOf<Spec>, Message['type']>> {
  return caller.call(to, message, options) as Promise<ReplyOf<CallOf<Spec>, Message['type']>>;
}

export function cast<Spec>(caller: Caller, to: Pid<Spec>, message: CastOf<Spec>): void {
  caller.cast(to, message);
}

/** The behaviour of a process that runs a GenServer's module. */
export function serverBehaviour<Spec extends ServerSpec>(
  module: GenServer<Spec>,
  argument: Field<Spec, 'argument', undefined>,
): Behaviour {
  return new Server(module as unknown as AnyServer, argument);
}

type AnyCall = (
  message: unknown,
  state: unknown,
  from: ReplyTo,
  self: Process,
) => Awaitable<CallResult<unknown, unknown>>;

interface AnyServer {
  readonly kind?: string;
  readonly trapExit?: boolean;
  init(argument: unknown, self: Process): Awaitable<InitResult<unknown>>;
  readonly handleCall?: Readonly<Record<string, AnyCall>>;
  handleCast?(message: unknown, state: unknown, self: Process): Awaitable<Result<unknown>>;
  handleInfo?(message: unknown, state: unknown, self: Process): Awaitable<Result<unknown>>;
  handleContinue?(continuation: unknown, state: unknown, self: Process): Awaitable<Result<unknown>>;
  terminate?(reason: ExitReason, state: unknown, self: Process): Awaitable<void>;
}

const IDLE = systemEnvelope({ type: 'timeout' });

class Server implements Behaviour {
  readonly kind: string;
  readonly #module: AnyServer;
  readonly #argument: unknown;
  #process!: Process;
  #state: unknown = undefined;
  #idleTimer: number | undefined = undefined;

  constructor(module: AnyServer, argument: unknown) {
    this.#module = module;
    this.#argument = argument;
    this.kind = module.kind ?? 'worker';
  }

  state(): unknown {
    return this.#state;
  }

  start(process: Process): void | Promise<void> {
    this.#process = process;
    process.trapExit = this.#module.trapExit ?? false;
    let result: Awaitable<InitResult<unknown>>;
    try {
      result = this.#module.init(this.#argument, process);
    } catch (thrown) {
      process.end(reasonOf(thrown));
      return;
    }
    if (!isPromise(result)) return this.#started(result);
    return result.then(
      (settled) => this.#started(settled),
      (thrown: unknown) => process.end(reasonOf(thrown)),
    );
  }

  #started(result: InitResult<unknown>): void | Promise<void> {
    const process = this.#process;
    if (!process.alive) return;
    switch (isResult(result) ? result.type : undefined) {
      case 'ok': {
        const okay = result as Extract<InitResult<unknown>, { type: 'ok' }>;
        this.#state = okay.state;
        process.acknowledge({
          type: 'ok',
          pid: process.pid,
          ...(okay.info === undefined ? {} : { info: okay.info }),
        });
        return this.#then(okay.then);
      }
      case 'ignore':
        process.startFailure = { type: 'ignore' };
        process.end('normal');
        return;
      case 'stop':
        process.end((result as Extract<InitResult<unknown>, { type: 'stop' }>).reason);
        return;
      default:
        process.end({ type: 'bad_return_value', value: result });
    }
  }

  receive(envelope: Envelope): void | Promise<void> {
    if (this.#idleTimer !== undefined) this.#cancelIdleTimer();
    const module = this.#module;
    switch (envelope.type) {
      case 'call': {
        const { message, from } = envelope;
        const handler = callHandler(module, message);
        return this.#run(() => handler(message, this.#state, from, this.#process), from);
      }
      case 'cast': {
        const { message } = envelope;
        if (module.handleCast === undefined)
          return this.#terminate(reasonOf(new UnknownMessage('cast', message)));
        return this.#run(() => module.handleCast?.(message, this.#state, this.#process), undefined);
      }
      case 'info':
        return this.#info(envelope.message);
      case 'system': {
        const { message } = envelope;
        if (message.type === 'EXIT' && message.from.key === this.#process.parent?.key)
          return this.#terminate(message.reason);
        return this.#info(message);
      }
      case 'sys':
        return envelope.request.type === 'stop' ? this.#terminate(envelope.request.reason) : undefined;
    }
  }

  #info(message: unknown): void | Promise<void> {
    if (this.#module.handleInfo === undefined) {
      this.#process.dropped++;
      return;
    }
    return this.#run(() => this.#module.handleInfo?.(message, this.#state, this.#process), undefined);
  }

  #run(callback: () => unknown, from: ReplyTo | undefined): void | Promise<void> {
    let result: unknown;
    try {
      result = callback();
    } catch (thrown) {
      return this.#terminate(reasonOf(thrown));
    }
    if (!isPromise(result)) return this.#finish(result, from);
    return result.then(
      (settled) => this.#finish(settled, from),
      (thrown: unknown) => this.#terminate(reasonOf(thrown)),
    );
  }

  #finish(returned: unknown, from: ReplyTo | undefined): void | Promise<void> {
    if (!this.#process.alive) return;
    if (!isResult(returned)) return this.#terminate({ type: 'bad_return_value', value: returned });
    const result = returned as CallResult<unknown, unknown>;
    switch (result.type) {
      case 'reply':
        this.#state = result.state;
        if (from === undefined) return this.#terminate({ type: 'bad_return_value', value: returned });
        this.#process.reply(from, result.value);
        return result.then === undefined ? undefined : this.#then(result.then);
      case 'noreply':
        this.#state = result.state;
        return result.then === undefined ? undefined : this.#then(result.then);
      case 'stop':
        this.#state = result.state;
        return this.#terminate(
          result.reason,
          result.answer === undefined ? undefined : from,
          result.answer?.value,
        );
      default:
        return this.#terminate({ type: 'bad_return_value', value: returned });
    }
  }

  #then(then: Then | undefined): void | Promise<void> {
    if (then === undefined) return;
    if (then.continue !== undefined) {
      const { handleContinue } = this.#module;
      if (handleContinue === undefined)
        return this.#terminate(reasonOf(new UnknownMessage('continue', then.continue)));
      return this.#run(
        () => this.#module.handleContinue?.(then.continue, this.#state, this.#process),
        undefined,
      );
    }
    if (then.timeoutMs !== undefined) {
      // A message that is there already is one that came in time.
      if (this.#process.hasMessage) return;
      if (then.timeoutMs <= 0) return this.#process.deliver(IDLE);
      this.#idleTimer = this.#process.setTimer(then.timeoutMs, () => {
        this.#idleTimer = undefined;
        if (!this.#process.hasMessage) this.#process.deliver(IDLE);
      });
    }
  }

  #cancelIdleTimer(): void {
    if (this.#idleTimer === undefined) return;
    this.#process.cancelTimer(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  /** Ends the process after its last words; `from` is answered between the two, whatever those come to. */
  #terminate(reason: ExitReason, from?: ReplyTo, answer?: unknown): void | Promise<void> {
    const process = this.#process;
    if (!process.alive) return;
    const end = (final: ExitReason): void => {
      if (!process.alive) return;
      if (from !== undefined) process.reply(from, answer);
      process.end(final);
    };
    if (this.#module.terminate === undefined) return end(reason);
    let last: Awaitable<void>;
    try {
      last = this.#module.terminate(reason, this.#state, process);
    } catch (thrown) {
      return end(reasonOf(thrown));
    }
    if (!isPromise(last)) return end(reason);
    return last.then(
      () => end(reason),
      (thrown: unknown) => end(reasonOf(thrown)),
    );
  }
}

function callHandler(module: AnyServer, message: unknown): AnyCall {
  const type =
    typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
  const handlers = module.handleCall;
  const handler =
    typeof type === 'string' && handlers !== undefined && Object.hasOwn(handlers, type)
      ? handlers[type]
      : undefined;
  return (
    handler ??
    (() => {
      throw new UnknownMessage('call', message);
    })
  );
}

function isResult(value: unknown): value is { readonly type: string } {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function isPromise<Value>(value: Awaitable<Value>): value is Promise<Value> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function')
  );
}
