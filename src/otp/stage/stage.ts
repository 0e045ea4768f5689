/**
 * What producers and consumers have in common: a GenServer around the user's module. The stage's own messages go to
 * its body, all others to the module; the events that a callback returns go out when it has returned.
 */
import type { SystemMessage } from '../envelope.ts';
import type { ExitReason } from '../exit-reason.ts';
import type { GenServer, ServerSpec } from '../gen-server.ts';
import type { Process } from '../process.ts';
import type { Awaitable, InitResult, Result, Then } from '../result.ts';
import type { Cancellation, Subscription, SubscriptionOptions } from './messages.ts';

export type StateOf<Spec> = Spec extends { readonly state: infer State } ? State : undefined;

/** A GenServer that others subscribe to, or that subscribes. */
export interface Stage<Spec extends ServerSpec> extends GenServer<Spec> {
  handleSubscribe?(
    subscription: Subscription,
    options: SubscriptionOptions,
    state: StateOf<Spec>,
    self: Process,
  ): Awaitable<Result<StateOf<Spec>>>;
  handleCancel?(
    cancellation: Cancellation,
    subscription: Subscription,
    state: StateOf<Spec>,
    self: Process,
  ): Awaitable<Result<StateOf<Spec>>>;
}

/** What a stage keeps beside the state of the user's module. */
export interface StageBody {
  user: unknown;
  /** Sends out events that a callback has returned. */
  emit(events: readonly unknown[]): void;
  /** Handles a message of the stage's own; undefined when it is none. */
  own(message: unknown): Promise<unknown> | undefined;
}

type Callback = (...parameters: readonly unknown[]) => unknown;

/** The user's module, seen from outside its types. */
export interface StageModule {
  readonly trapExit?: boolean;
  init(argument: unknown, self: Process): unknown;
  readonly handleCall?: Readonly<Record<string, Callback>>;
  readonly handleCast?: Callback;
  readonly handleInfo?: Callback;
  readonly handleContinue?: Callback;
  terminate?(reason: ExitReason, state: unknown, self: Process): void | Promise<void>;
  handleSubscribe?(
    subscription: Subscription,
    options: SubscriptionOptions,
    state: unknown,
    self: Process,
  ): unknown;
  handleCancel?(
    cancellation: Cancellation,
    subscription: Subscription,
    state: unknown,
    self: Process,
  ): unknown;
}

/** Takes what a callback returned: the next state and the events; leaves the rest to the GenServer. */
export function finish(body: StageBody, returned: unknown): unknown {
  if (typeof returned !== 'object' || returned === null || !('state' in returned)) return returned;
  body.user = returned.state;
  const result = returned as { readonly state: unknown; readonly then?: Then };
  if (result.then?.events !== undefined) body.emit(result.then.events);
  const { continue: next, timeoutMs } = result.then ?? {};
  const then: Then = {
    ...(next === undefined ? {} : { continue: next }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return { ...returned, state: body, then };
}

interface StageServerSpec {
  readonly argument: unknown;
  readonly state: StageBody;
  readonly call: { readonly type: string };
  readonly cast: unknown;
  readonly info: unknown;
  readonly continue: unknown;
}

/** The GenServer that runs a stage. `open` makes its body once the user's init is done, and may refuse to start. */
export function stageServer<Body extends StageBody>(
  kind: string,
  module: StageModule,
  open: (user: unknown, self: Process) => Body | Promise<Body | InitResult<never>>,
  calls: Readonly<Record<string, (body: Body, message: never, self: Process) => unknown>>,
): GenServer<StageServerSpec> {
  const optional = (name: 'handleCast' | 'handleContinue') => {
    const callback = module[name];
    if (callback === undefined) return {};
    return {
      [name]: async (message: unknown, body: StageBody, self: Process) =>
        finish(body, await callback(message, body.user, self)),
    };
  };
  const server = {
    kind,
    trapExit: module.trapExit ?? false,

    async init(argument: unknown, self: Process) {
      const result = (await module.init(argument, self)) as InitResult<unknown>;
      if (result?.type !== 'ok') return result;
      const body = await open(result.state, self);
      return 'emit' in body ? finish(body, result) : body;
    },

    handleCall: {
      ...Object.fromEntries(
        Object.entries(module.handleCall ?? {}).map(([type, callback]) => [
          type,
          async (message: unknown, body: StageBody, from: unknown, self: Process) =>
            finish(body, await callback(message, body.user, from, self)),
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(calls).map(([type, callback]) => [
          type,
          (message: unknown, body: StageBody, _from: unknown, self: Process) =>
            callback(body as Body, message as never, self),
        ]),
      ),
    },

    ...optional('handleCast'),
    ...optional('handleContinue'),

    async handleInfo(message: unknown, body: StageBody, self: Process) {
      const own = body.own(message);
      if (own !== undefined) return (await own) ?? { type: 'noreply', state: body };
      if (module.handleInfo === undefined) {
        self.dropped++;
        return { type: 'noreply', state: body };
      }
      return finish(body, await module.handleInfo(message, body.user, self));
    },

    ...(module.terminate === undefined
      ? {}
      : {
          terminate: (reason: ExitReason, body: StageBody, self: Process) =>
            module.terminate?.(reason, body.user, self),
        }),
  };
  return server as unknown as GenServer<StageServerSpec>;
}

/** A stage callback may also end the process; then nothing more of the message is handled. */
export function endsProcess(result: unknown): boolean {
  return (
    typeof result !== 'object' ||
    result === null ||
    !('type' in result) ||
    (result as Result<unknown>).type === 'stop'
  );
}

/** A stage's message that came to the wrong kind of stage. */
export async function dropped(self: Process): Promise<undefined> {
  self.dropped++;
  return undefined;
}

export function isDownMessage(
  message: unknown,
): message is Extract<SystemMessage, { readonly type: 'DOWN' }> {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'DOWN' &&
    'ref' in message
  );
}
