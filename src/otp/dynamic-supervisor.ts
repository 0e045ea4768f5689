/**
 * DynamicSupervisor: children that come and go. Each is started on request; all are stopped at the same time.
 *
 * Owns: the children it has started. Without `backoff` a child is started on the supervisor's loop, counts towards
 * its intensity, and behaves as Elixir's DynamicSupervisor (https://hexdocs.pm/elixir/DynamicSupervisor.html). A
 * child with `backoff` has a key (its spec's `id`): it is started off the loop, so that a start that takes long holds
 * up nobody else; it is restarted for ever, with a growing delay, at its own expense; and asking for a key that is
 * there answers with the child that is there, its spec brought up to date.
 */
import { type Child, type ChildSpec, parseChild, startOne } from './child-spec.ts';
import type { SystemMessage } from './envelope.ts';
import type { ExitReason } from './exit-reason.ts';
import { call, type GenServer, type Request, type StartOptions, start, startLink } from './gen-server.ts';
import { KeyedChildren, type KeyedInfo, type KeyedListener, type KeyedMessage } from './keyed-children.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import { countRestart, type Intensity } from './restart-intensity.ts';
import { ignore, noreply, ok, type Result, refuse, reply, stop } from './result.ts';
import type { Parent, Runtime } from './runtime.ts';
import { shutdownChild, shutdownChildren } from './shutdown.ts';
import type { StartResult } from './start.ts';
import { type ChildCounts, type ChildInfo, type ChildResult, countOf } from './supervisor.ts';
import { badOptions, specProblem } from './supervisor-check.ts';
import { verdict } from './supervisor-plan.ts';

export interface DynamicSupervisorOptions {
  /** Makes the spec of a child from the argument of `startChildFor`: for callers whose messages must be plain data. */
  readonly template?: (argument: never) => ChildSpec;
  /** Default: no limit. Children that wait for their restart count. */
  readonly maxChildren?: number;
  /** Default 3. */
  readonly maxRestarts?: number;
  /** Default 5. */
  readonly maxSeconds?: number;
  /** Put before every child's own arguments. */
  readonly extraArguments?: readonly unknown[];
  /** Called first of all, in the supervisor's own process; `ignore` means that it does not want to run. */
  readonly init?: (self: Process) => 'ok' | 'ignore';
  /** Told of each change of a keyed child; `undefined` when it is gone for good. Must return at once. */
  readonly onKeyed?: KeyedListener;
}

export type DynamicStartResult =
  | StartResult
  /** A keyed child that is on its way: it will run, sooner or later. */
  | { readonly type: 'pending'; readonly state: 'starting' | 'restarting' };

export type DynamicSupervisorCall =
  | Request<{ readonly type: 'start_child'; readonly spec: ChildSpec }, DynamicStartResult>
  | Request<{ readonly type: 'start_child_for'; readonly argument: unknown }, DynamicStartResult>
  | Request<{ readonly type: 'terminate_child'; readonly child: Pid | string }, ChildResult>
  | Request<{ readonly type: 'which_children' }, readonly ChildInfo[]>
  | Request<{ readonly type: 'count_children' }, ChildCounts>
  | Request<{ readonly type: 'keyed_children' }, readonly KeyedInfo[]>;

type DynamicSupervisorCast = { readonly type: 'try_again'; readonly pid: Pid } | KeyedMessage;

export interface DynamicSupervisorSpec {
  readonly argument: DynamicSupervisorOptions;
  readonly state: State;
  readonly call: DynamicSupervisorCall;
  readonly cast: DynamicSupervisorCast;
}

interface Slot {
  readonly child: Child;
  /** Known by this pid; while `restarting` it is the pid that has ended. */
  readonly pid: Pid;
  readonly restarting: boolean;
}

/** Changed in place: a copy for each child that comes and goes would cost as much as all the others. */
interface State {
  readonly options: DynamicSupervisorOptions;
  readonly intensity: Intensity;
  readonly extra: readonly unknown[];
  readonly slots: Map<number, Slot>;
  readonly keyed: KeyedChildren;
  restarts: readonly number[];
}

export function startDynamicSupervisor(
  runtime: Runtime,
  options: DynamicSupervisorOptions = {},
  startOptions: StartOptions = {},
): Promise<StartResult<DynamicSupervisorSpec>> {
  return start(runtime, dynamicSupervisor, options, startOptions);
}

export function startDynamicSupervisorLink(
  parent: Parent,
  options: DynamicSupervisorOptions = {},
  startOptions: StartOptions = {},
): Promise<StartResult<DynamicSupervisorSpec>> {
  return startLink(parent, dynamicSupervisor, options, startOptions);
}

type Caller = Parameters<typeof call>[0];
type To = Pid<DynamicSupervisorSpec>;
const NO_TIMEOUT = { timeoutMs: Number.POSITIVE_INFINITY };

/** Starts a child. Waits for as long as the start takes, unless the child is keyed. */
export function startDynamicChild(caller: Caller, to: To, spec: ChildSpec): Promise<DynamicStartResult> {
  return call(caller, to, { type: 'start_child', spec }, NO_TIMEOUT);
}

/** As `startDynamicChild`, the spec being made by the supervisor's own template. */
export function startDynamicChildFor(caller: Caller, to: To, argument: unknown): Promise<DynamicStartResult> {
  return call(caller, to, { type: 'start_child_for', argument }, NO_TIMEOUT);
}

/** Stops a child for good, by its pid or its key. */
export function terminateDynamicChild(caller: Caller, to: To, child: Pid | string): Promise<ChildResult> {
  return call(caller, to, { type: 'terminate_child', child }, NO_TIMEOUT);
}

export function whichDynamicChildren(caller: Caller, to: To): Promise<readonly ChildInfo[]> {
  return call(caller, to, { type: 'which_children' }, NO_TIMEOUT);
}

export function countDynamicChildren(caller: Caller, to: To): Promise<ChildCounts> {
  return call(caller, to, { type: 'count_children' }, NO_TIMEOUT);
}

/** The keyed children with their state, for those who inspect. */
export function keyedChildren(caller: Caller, to: To): Promise<readonly KeyedInfo[]> {
  return call(caller, to, { type: 'keyed_children' }, NO_TIMEOUT);
}

const dynamicSupervisor: GenServer<DynamicSupervisorSpec> = {
  kind: 'supervisor',
  trapExit: true,

  init(options, self) {
    const bad = badOptions(options);
    if (bad !== undefined) return refuse(bad);
    if (options.init?.(self) === 'ignore') return ignore();
    return ok({
      options,
      intensity: { maxRestarts: options.maxRestarts ?? 3, maxSeconds: options.maxSeconds ?? 5 },
      extra: options.extraArguments ?? [],
      slots: new Map(),
      keyed: new KeyedChildren(self, options.extraArguments ?? [], options.onKeyed),
      restarts: [],
    });
  },

  handleCall: {
    start_child: async ({ spec }, state, _from, self) =>
      reply(await startRequested(self, state, spec), state),

    async start_child_for({ argument }, state, _from, self) {
      const { template } = state.options;
      if (template !== undefined)
        return reply(await startRequested(self, state, template(argument as never)), state);
      const reason: ExitReason = { type: 'bad_opts', message: 'this supervisor has no template' };
      return reply({ type: 'error', reason }, state);
    },

    async terminate_child({ child }, state, _from, self) {
      if (typeof child === 'string') return reply(await state.keyed.terminate(child), state);
      const slot = state.slots.get(child.key);
      if (slot === undefined) return reply({ type: 'error', reason: 'not_found' }, state);
      if (!slot.restarting) await shutdownChild(self, slot.pid, slot.child.shutdown);
      state.slots.delete(child.key);
      return reply({ type: 'ok' }, state);
    },

    which_children: (_message, state) => reply([...describe(state)], state),

    count_children: (_message, state) => reply(countOf([...describe(state)]), state),

    keyed_children: (_message, state) =>
      reply(
        [...state.keyed.entries()].map(({ info }) => info),
        state,
      ),
  },

  async handleCast(message, state, self): Promise<Result<State>> {
    if (message.type !== 'try_again') {
      await state.keyed.handle(message);
      return noreply(state);
    }
    const slot = state.slots.get(message.pid.key);
    return slot?.restarting ? restart(self, state, slot) : noreply(state);
  },

  handleInfo(message: SystemMessage, state, self): Result<State> | Promise<Result<State>> {
    if (message.type !== 'EXIT') return noreply(state);
    const slot = state.slots.get(message.from.key);
    if (slot === undefined || slot.restarting) {
      state.keyed.ended(message.from, message.reason);
      return noreply(state);
    }
    if (verdict(slot.child.restart, message.reason) === 'restart') return restart(self, state, slot);
    state.slots.delete(slot.pid.key);
    return noreply(state);
  },

  async terminate(_reason, state, self) {
    const running = [...state.slots.values()].filter((slot) => !slot.restarting);
    await shutdownChildren(
      self,
      [...running, ...state.keyed.running()].map(({ pid, child }) => ({ pid, shutdown: child.shutdown })),
    );
  },
};

async function startRequested(self: Process, state: State, spec: ChildSpec): Promise<DynamicStartResult> {
  const problem = specProblem(spec, true);
  if (problem !== undefined) return { type: 'error', reason: { type: 'child_spec', problem } };
  const child = parseChild(spec);
  const known = child.backoff === undefined ? undefined : state.keyed.update(child);
  if (known?.pid !== undefined) return { type: 'ok', pid: known.pid };
  if (known !== undefined)
    return { type: 'pending', state: known.state === 'starting' ? 'starting' : 'restarting' };
  if (state.slots.size + state.keyed.size >= (state.options.maxChildren ?? Number.POSITIVE_INFINITY)) {
    return { type: 'error', reason: 'max_children' };
  }
  if (child.backoff !== undefined) {
    state.keyed.start(child);
    return { type: 'pending', state: 'starting' };
  }
  const result = await startOne(child, self, ...state.extra);
  if (result.type === 'ok') state.slots.set(result.pid.key, { child, pid: result.pid, restarting: false });
  return result;
}

async function restart(self: Process, state: State, slot: Slot): Promise<Result<State>> {
  const counted = countRestart(state.restarts, self.runtime.clock.now(), state.intensity);
  state.restarts = counted.restarts;
  if (counted.exceeded) {
    for (const observer of self.runtime.observers) observer.gaveUp?.(self);
    state.slots.delete(slot.pid.key);
    return stop('shutdown', state);
  }
  const result = await startOne(slot.child, self, ...state.extra);
  if (result.type === 'error') {
    state.slots.set(slot.pid.key, { ...slot, restarting: true });
    self.cast(self.pid, { type: 'try_again', pid: slot.pid } satisfies DynamicSupervisorCast);
    return noreply(state);
  }
  state.slots.delete(slot.pid.key);
  if (result.type === 'ok') state.slots.set(result.pid.key, { ...slot, pid: result.pid, restarting: false });
  return noreply(state);
}

function* describe(state: State): Iterable<ChildInfo> {
  for (const slot of state.slots.values()) {
    yield { id: undefined, pid: slot.restarting ? 'restarting' : slot.pid, type: slot.child.type };
  }
  for (const { child, info } of state.keyed.entries()) {
    yield {
      id: info.key,
      pid: info.pid ?? (info.state === 'restarting' ? 'restarting' : undefined),
      type: child.type,
    };
  }
}
