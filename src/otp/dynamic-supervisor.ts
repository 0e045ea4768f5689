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
import {
  call,
  type GenServer,
  ignore,
  noreply,
  ok,
  type Request,
  type Result,
  reply,
  type StartOptions,
  start,
  startLink,
  stop,
} from './gen-server.ts';
import { type Keyed, nextRestart } from './keyed-child.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import { countRestart, type Intensity } from './restart-intensity.ts';
import type { Runtime } from './runtime.ts';
import { shutdownChild, shutdownChildren } from './shutdown.ts';
import type { StartResult } from './start.ts';
import type { ChildCounts, ChildInfo, ChildResult } from './supervisor.ts';
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
}

export type DynamicStartResult =
  | StartResult
  /** A keyed child that is on its way: it will run, sooner or later. */
  | { readonly type: 'pending'; readonly state: 'starting' | 'restarting' };

/** A keyed child, for those who inspect. */
export interface KeyedInfo {
  readonly key: string;
  readonly state: 'starting' | 'running' | 'restarting';
  readonly pid: Pid | undefined;
  readonly attempt: number;
  /** Why it ended last, while it waits for its restart. */
  readonly reason: ExitReason | undefined;
  /** Milliseconds until its restart is due. */
  readonly dueInMs: number | undefined;
}

export type DynamicSupervisorCall =
  | Request<{ readonly type: 'start_child'; readonly spec: ChildSpec }, DynamicStartResult>
  | Request<{ readonly type: 'start_child_for'; readonly argument: unknown }, DynamicStartResult>
  | Request<{ readonly type: 'terminate_child'; readonly child: Pid | string }, ChildResult>
  | Request<{ readonly type: 'which_children' }, readonly ChildInfo[]>
  | Request<{ readonly type: 'count_children' }, ChildCounts>
  | Request<{ readonly type: 'keyed_children' }, readonly KeyedInfo[]>;

type DynamicSupervisorCast =
  | { readonly type: 'try_again'; readonly pid: Pid }
  | {
      readonly type: 'keyed_started';
      readonly key: string;
      readonly token: number;
      readonly result: StartResult;
    }
  | { readonly type: 'keyed_due'; readonly key: string; readonly token: number };

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
  readonly keyed: Map<string, Keyed>;
  /** Ends of processes that may turn out to be keyed children whose start has not been told yet. */
  readonly earlyEnds: Map<number, ExitReason>;
  restarts: readonly number[];
  token: number;
}

export function startDynamicSupervisor(
  runtime: Runtime,
  options: DynamicSupervisorOptions = {},
  startOptions: StartOptions = {},
): Promise<StartResult<DynamicSupervisorSpec>> {
  return start(runtime, dynamicSupervisor, options, startOptions);
}

export function startDynamicSupervisorLink(
  parent: Process,
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
    if (options.init?.(self) === 'ignore') return ignore();
    return ok({
      options,
      intensity: { maxRestarts: options.maxRestarts ?? 3, maxSeconds: options.maxSeconds ?? 5 },
      extra: options.extraArguments ?? [],
      slots: new Map(),
      keyed: new Map(),
      earlyEnds: new Map(),
      restarts: [],
      token: 0,
    });
  },

  handleCall: {
    start_child: async ({ spec }, state, _from, self) =>
      reply(await startRequested(self, state, parseChild(spec)), state),

    async start_child_for({ argument }, state, _from, self) {
      const { template } = state.options;
      if (template === undefined) return reply(badOptions('this supervisor has no template'), state);
      return reply(await startRequested(self, state, parseChild(template(argument as never))), state);
    },

    async terminate_child({ child }, state, _from, self) {
      if (typeof child === 'string') return reply(await terminateKeyed(self, state, child), state);
      const slot = state.slots.get(child.key);
      if (slot === undefined) return reply({ type: 'error', reason: 'not_found' }, state);
      if (!slot.restarting) await shutdownChild(self, slot.pid, slot.child.shutdown);
      state.slots.delete(child.key);
      return reply({ type: 'ok' }, state);
    },

    which_children: (_message, state) => reply([...describe(state)], state),

    count_children(_message, state) {
      const all = [...describe(state)];
      return reply(
        {
          specs: all.length,
          active: all.filter((child) => child.pid !== undefined && child.pid !== 'restarting').length,
          supervisors: all.filter((child) => child.type === 'supervisor').length,
          workers: all.filter((child) => child.type === 'worker').length,
        },
        state,
      );
    },

    keyed_children: (_message, state, _from, self) =>
      reply(
        [...state.keyed].map(([key, keyed]) => keyedInfo(key, keyed, self.runtime.clock.now())),
        state,
      ),
  },

  handleCast(message, state, self): Result<State> | Promise<Result<State>> {
    switch (message.type) {
      case 'try_again': {
        const slot = state.slots.get(message.pid.key);
        return slot?.restarting ? restart(self, state, slot) : noreply(state);
      }
      case 'keyed_started':
        return keyedStarted(self, state, message.key, message.token, message.result);
      case 'keyed_due': {
        const keyed = state.keyed.get(message.key);
        if (keyed?.type === 'waiting' && keyed.token === message.token) {
          startKeyed(self, state, message.key, keyed.child, keyed.attempt);
        }
        return noreply(state);
      }
    }
  },

  handleInfo(message: SystemMessage, state, self): Result<State> | Promise<Result<State>> {
    if (message.type !== 'EXIT') return noreply(state);
    const slot = state.slots.get(message.from.key);
    if (slot === undefined || slot.restarting) {
      keyedEnded(self, state, message.from, message.reason);
      return noreply(state);
    }
    if (verdict(slot.child.restart, message.reason) === 'restart') return restart(self, state, slot);
    state.slots.delete(slot.pid.key);
    return noreply(state);
  },

  async terminate(_reason, state, self) {
    const running = [...state.slots.values()].filter((slot) => !slot.restarting);
    const keyed = [...state.keyed.values()].filter((child) => child.type === 'running');
    await shutdownChildren(
      self,
      [...running, ...keyed].map(({ pid, child }) => ({ pid, shutdown: child.shutdown })),
    );
  },
};

function badOptions(message: string): { readonly type: 'error'; readonly reason: ExitReason } {
  return { type: 'error', reason: { type: 'bad_opts', message } };
}

async function startRequested(self: Process, state: State, child: Child): Promise<DynamicStartResult> {
  const known = child.backoff === undefined ? undefined : state.keyed.get(child.id);
  if (known !== undefined) return knownChild(state, child, known);
  if (state.slots.size + state.keyed.size >= (state.options.maxChildren ?? Number.POSITIVE_INFINITY)) {
    return { type: 'error', reason: 'max_children' };
  }
  if (child.backoff !== undefined) {
    startKeyed(self, state, child.id, child, 0);
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

// -- keyed children --------------------------------------------------------------------------------------------

function knownChild(state: State, child: Child, known: Keyed): DynamicStartResult {
  state.keyed.set(child.id, { ...known, child });
  if (known.type === 'running') return { type: 'ok', pid: known.pid };
  return { type: 'pending', state: known.type === 'starting' ? 'starting' : 'restarting' };
}

/** Begins a start and goes on; its outcome comes as a message. */
function startKeyed(self: Process, state: State, key: string, child: Child, attempt: number): void {
  const token = ++state.token;
  state.keyed.set(key, { type: 'starting', child, attempt, token });
  void startOne(child, self, ...state.extra).then((result) => {
    if (self.alive)
      self.cast(self.pid, { type: 'keyed_started', key, token, result } satisfies DynamicSupervisorCast);
  });
}

async function keyedStarted(
  self: Process,
  state: State,
  key: string,
  token: number,
  result: StartResult,
): Promise<Result<State>> {
  const keyed = state.keyed.get(key);
  const ended = result.type === 'ok' ? state.earlyEnds.get(result.pid.key) : undefined;
  const isCurrent = keyed?.type === 'starting' && keyed.token === token;
  if (result.type === 'ok' && isCurrent) {
    state.keyed.set(key, {
      type: 'running',
      child: keyed.child,
      attempt: keyed.attempt,
      pid: result.pid,
      sinceMs: self.runtime.clock.now(),
    });
    if (ended !== undefined) keyedEnded(self, state, result.pid, ended);
  } else if (result.type === 'ok' && ended === undefined) {
    // It was terminated, or replaced, while it started.
    await shutdownChild(self, result.pid, 5000);
  } else if (result.type === 'ignore' && isCurrent) {
    state.keyed.delete(key);
  } else if (result.type === 'error' && isCurrent) {
    waitForRestart(self, state, key, keyed, result.reason);
  }
  if (![...state.keyed.values()].some((other) => other.type === 'starting')) state.earlyEnds.clear();
  return noreply(state);
}

function keyedEnded(self: Process, state: State, pid: Pid, reason: ExitReason): void {
  for (const [key, keyed] of state.keyed) {
    if (keyed.type === 'running' && keyed.pid.key === pid.key) {
      if (verdict(keyed.child.restart, reason) === 'restart') waitForRestart(self, state, key, keyed, reason);
      else state.keyed.delete(key);
      return;
    }
    if (keyed.type === 'starting') state.earlyEnds.set(pid.key, reason);
  }
}

function waitForRestart(self: Process, state: State, key: string, keyed: Keyed, reason: ExitReason): void {
  const { child } = keyed;
  const { backoff } = child;
  if (backoff === undefined) return;
  const { clock, random } = self.runtime;
  const { attempt, delayMs } = nextRestart(keyed, backoff, clock.now(), random);
  const token = ++state.token;
  state.keyed.set(key, { type: 'waiting', child, attempt, token, reason, dueAtMs: clock.now() + delayMs });
  const due: DynamicSupervisorCast = { type: 'keyed_due', key, token };
  if (delayMs === 0) self.cast(self.pid, due);
  else self.setTimer(delayMs, () => self.cast(self.pid, due));
}

async function terminateKeyed(self: Process, state: State, key: string): Promise<ChildResult> {
  const keyed = state.keyed.get(key);
  if (keyed === undefined) return { type: 'error', reason: 'not_found' };
  state.keyed.delete(key);
  if (keyed.type === 'running') await shutdownChild(self, keyed.pid, keyed.child.shutdown);
  return { type: 'ok' };
}

function* describe(state: State): Iterable<ChildInfo> {
  for (const slot of state.slots.values()) {
    yield { id: undefined, pid: slot.restarting ? 'restarting' : slot.pid, type: slot.child.type };
  }
  for (const [key, keyed] of state.keyed) {
    yield {
      id: key,
      pid: keyed.type === 'running' ? keyed.pid : keyed.type === 'waiting' ? 'restarting' : undefined,
      type: keyed.child.type,
    };
  }
}

function keyedInfo(key: string, keyed: Keyed, nowMs: number): KeyedInfo {
  return {
    key,
    state: keyed.type === 'waiting' ? 'restarting' : keyed.type,
    pid: keyed.type === 'running' ? keyed.pid : undefined,
    attempt: keyed.attempt,
    reason: keyed.type === 'waiting' ? keyed.reason : undefined,
    dueInMs: keyed.type === 'waiting' ? Math.max(0, keyed.dueAtMs - nowMs) : undefined,
  };
}
