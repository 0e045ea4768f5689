/**
 * The behaviour of a process that runs a GenServer's module: which callback a message goes to, what the result of a
 * callback means, and how the process ends.
 */
import { type Envelope, type ReplyTo, systemEnvelope } from './envelope.ts';
import { type ExitReason, reasonOf } from './exit-reason.ts';
import type { Behaviour, Process } from './process.ts';
import type { Awaitable, CallResult, InitResult, Result, Then } from './result.ts';

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

type AnyCall = (
  message: unknown,
  state: unknown,
  from: ReplyTo,
  self: Process,
) => Awaitable<CallResult<unknown, unknown>>;

/** A GenServer's module, seen from outside its types. */
export interface AnyServer {
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

export class ServerBehaviour implements Behaviour {
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
