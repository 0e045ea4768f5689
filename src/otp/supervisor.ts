/**
 * Supervisor: starts its children first to last, one at a time, stops them last to first, and starts those that
 * end again, as its strategy says. While it starts or stops a child it does nothing else.
 *
 * Owns: the list of children, in start order; a child keeps its place for as long as its spec is there. Started by
 * its own supervisor or by `start`. When it dies its children die of the link. Gives up, with the clean reason
 * `shutdown`, after more than `maxRestarts` restarts in `maxSeconds`, all children together.
 * Behaves as Erlang's supervisor (https://www.erlang.org/doc/apps/stdlib/supervisor.html).
 *
 *     child.pid:   undefined <---> pid <---> 'restarting'      (a restart that failed and will be tried again)
 */
import {
  type AutoShutdown,
  type Child,
  type ChildSpec,
  childProblem,
  childrenProblem,
  parseChild,
  startOne,
} from './child-spec.ts';
import type { SystemMessage } from './envelope.ts';
import type { ExitReason } from './exit-reason.ts';
import { call, type GenServer, type Request, type StartOptions, start, startLink } from './gen-server.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import { countRestart, type Intensity } from './restart-intensity.ts';
import { type InitResult, ignore, noreply, ok, type Result, refuse, reply, stop } from './result.ts';
import type { Parent, Runtime } from './runtime.ts';
import { shutdownChild } from './shutdown.ts';
import type { StartResult } from './start.ts';
import { badOptions, specProblem } from './supervisor-check.ts';
import { restartRange, type Strategy, shutsDown, verdict } from './supervisor-plan.ts';

export interface SupervisorOptions {
  readonly children: readonly ChildSpec[];
  readonly strategy?: Strategy;
  /** Default 3. */
  readonly maxRestarts?: number;
  /** Default 5. */
  readonly maxSeconds?: number;
  readonly autoShutdown?: AutoShutdown;
  /** Called first of all, in the supervisor's own process; `ignore` means that it does not want to run. */
  readonly init?: (self: Process) => 'ok' | 'ignore';
}

/** What `whichChildren` tells of a child. */
export interface ChildInfo {
  readonly id: string | undefined;
  readonly pid: Pid | 'restarting' | undefined;
  readonly type: 'worker' | 'supervisor';
}

export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/** Counts what `whichChildren` tells; a child without a process, or that waits for its restart, is not active. */
export function countOf(children: readonly ChildInfo[]): ChildCounts {
  return {
    specs: children.length,
    active: children.filter(({ pid }) => pid !== undefined && pid !== 'restarting').length,
    supervisors: children.filter(({ type }) => type === 'supervisor').length,
    workers: children.filter(({ type }) => type === 'worker').length,
  };
}

export type StartChildResult =
  | { readonly type: 'ok'; readonly pid: Pid | undefined; readonly info?: unknown }
  | { readonly type: 'error'; readonly reason: ExitReason };

/** `already_present`, `not_found`, `running` or `restarting` are the reasons of a request that cannot be met. */
export type ChildResult = { readonly type: 'ok' } | { readonly type: 'error'; readonly reason: ExitReason };

export type SupervisorCall =
  | Request<{ readonly type: 'start_child'; readonly spec: ChildSpec }, StartChildResult>
  | Request<{ readonly type: 'terminate_child'; readonly id: string }, ChildResult>
  | Request<{ readonly type: 'restart_child'; readonly id: string }, StartChildResult>
  | Request<{ readonly type: 'delete_child'; readonly id: string }, ChildResult>
  | Request<{ readonly type: 'which_children' }, readonly ChildInfo[]>
  | Request<{ readonly type: 'count_children' }, ChildCounts>;

/** Sent to itself when a restart failed: requests that wait are handled in between. */
type SupervisorCast = { readonly type: 'try_again'; readonly id: string };

export interface SupervisorSpec {
  readonly argument: SupervisorOptions;
  readonly state: State;
  readonly call: SupervisorCall;
  readonly cast: SupervisorCast;
}

interface Slot {
  readonly child: Child;
  readonly pid: Pid | 'restarting' | undefined;
}

interface State {
  readonly strategy: Strategy;
  readonly intensity: Intensity;
  readonly autoShutdown: AutoShutdown;
  readonly slots: readonly Slot[];
  readonly restarts: readonly number[];
}

export function startSupervisor(
  runtime: Runtime,
  options: SupervisorOptions,
  startOptions: StartOptions = {},
): Promise<StartResult<SupervisorSpec>> {
  return start(runtime, supervisor, options, startOptions);
}

export function startSupervisorLink(
  parent: Parent,
  options: SupervisorOptions,
  startOptions: StartOptions = {},
): Promise<StartResult<SupervisorSpec>> {
  return startLink(parent, supervisor, options, startOptions);
}

type Caller = Parameters<typeof call>[0];
type To = Pid<SupervisorSpec>;
const NO_TIMEOUT = { timeoutMs: Number.POSITIVE_INFINITY };

/** Adds a child behind all others and starts it. Waits for as long as the start takes. */
export function startChild(caller: Caller, to: To, spec: ChildSpec): Promise<StartChildResult> {
  return call(caller, to, { type: 'start_child', spec }, NO_TIMEOUT);
}

/** Stops a child and keeps its spec, unless it is temporary. */
export function terminateChild(caller: Caller, to: To, id: string): Promise<ChildResult> {
  return call(caller, to, { type: 'terminate_child', id }, NO_TIMEOUT);
}

/** Starts a child that is not running. */
export function restartChild(caller: Caller, to: To, id: string): Promise<StartChildResult> {
  return call(caller, to, { type: 'restart_child', id }, NO_TIMEOUT);
}

/** Removes the spec of a child that is not running. */
export function deleteChild(caller: Caller, to: To, id: string): Promise<ChildResult> {
  return call(caller, to, { type: 'delete_child', id }, NO_TIMEOUT);
}

export function whichChildren(caller: Caller, to: To): Promise<readonly ChildInfo[]> {
  return call(caller, to, { type: 'which_children' }, NO_TIMEOUT);
}

export function countChildren(caller: Caller, to: To): Promise<ChildCounts> {
  return call(caller, to, { type: 'count_children' }, NO_TIMEOUT);
}

const supervisor: GenServer<SupervisorSpec> = {
  kind: 'supervisor',
  trapExit: true,

  async init(options, self): Promise<InitResult<State>> {
    const bad = badOptions(options);
    if (bad !== undefined) return refuse(bad);
    if (options.init?.(self) === 'ignore') return ignore();
    const autoShutdown = options.autoShutdown ?? 'never';
    if (!Array.isArray(options.children))
      return refuse({ type: 'bad_opts', message: 'children: expected a list' });
    for (const spec of options.children) {
      const problem = specProblem(spec, false);
      if (problem !== undefined) return refuse({ type: 'start_spec', problem });
    }
    const children = options.children.map(parseChild);
    const problem = childrenProblem(children, autoShutdown);
    if (problem !== undefined) return refuse({ type: 'start_spec', problem });
    const state: State = {
      strategy: options.strategy ?? 'one_for_one',
      intensity: { maxRestarts: options.maxRestarts ?? 3, maxSeconds: options.maxSeconds ?? 5 },
      autoShutdown,
      slots: children.map((child) => ({ child, pid: undefined })),
      restarts: [],
    };
    const started = await startSlots(self, state.slots);
    if (started.type === 'ok') return ok({ ...state, slots: started.slots });
    await stopSlots(self, started.slots);
    const reason: ExitReason = { type: 'failed_to_start_child', id: started.failed, reason: started.reason };
    return refuse({ type: 'shutdown', detail: reason });
  },

  handleCall: {
    async start_child({ spec }, state, _from, self) {
      const malformed = specProblem(spec, false);
      if (malformed !== undefined) return reply(refused({ type: 'child_spec', problem: malformed }), state);
      const child = parseChild(spec);
      const problem = childProblem(child, state.autoShutdown);
      if (problem !== undefined) return reply(refused({ type: 'child_spec', problem }), state);
      const known = state.slots.find((slot) => slot.child.id === child.id);
      if (known !== undefined) return reply({ type: 'error', reason: alreadyThere(known) }, state);
      const result = await startOne(child, self);
      if (result.type === 'error') return reply(result, state);
      const pid = result.type === 'ok' ? result.pid : undefined;
      const slots =
        pid === undefined && child.restart === 'temporary' ? state.slots : [...state.slots, { child, pid }];
      return reply(startedChild(result), { ...state, slots });
    },

    async terminate_child({ id }, state, _from, self) {
      const slot = state.slots.find((candidate) => candidate.child.id === id);
      if (slot === undefined) return reply(refused('not_found'), state);
      await stopSlot(self, slot);
      return reply({ type: 'ok' }, { ...state, slots: stopped(state.slots, slot) });
    },

    async restart_child({ id }, state, _from, self) {
      const slot = state.slots.find((candidate) => candidate.child.id === id);
      const obstacle = notStopped(slot);
      if (slot === undefined || obstacle !== undefined) return reply(refused(obstacle ?? 'not_found'), state);
      const result = await startOne(slot.child, self);
      if (result.type === 'error') return reply(result, state);
      const pid = result.type === 'ok' ? result.pid : undefined;
      return reply(startedChild(result), { ...state, slots: withPid(state.slots, id, pid) });
    },

    delete_child({ id }, state) {
      const slot = state.slots.find((candidate) => candidate.child.id === id);
      const obstacle = notStopped(slot);
      if (obstacle !== undefined) return reply(refused(obstacle), state);
      return reply(
        { type: 'ok' },
        { ...state, slots: state.slots.filter((candidate) => candidate !== slot) },
      );
    },

    which_children: (_message, state) => reply(state.slots.map(describe), state),

    count_children: (_message, state) => reply(countOf(state.slots.map(describe)), state),
  },

  handleCast({ id }, state, self): Result<State> | Promise<Result<State>> {
    const slot = state.slots.find((candidate) => candidate.child.id === id);
    if (slot?.pid !== 'restarting') return noreply(state);
    return restart(self, state, slot);
  },

  handleInfo(message: SystemMessage, state, self): Result<State> | Promise<Result<State>> {
    if (message.type !== 'EXIT') return noreply(state);
    const slot = state.slots.find((candidate) => runningPid(candidate)?.key === message.from.key);
    // Exit signals from strangers are ignored.
    if (slot === undefined) return noreply(state);
    switch (verdict(slot.child.restart, message.reason)) {
      case 'restart':
        return restart(self, state, slot);
      case 'keep':
      case 'forget': {
        const slots = stopped(state.slots, slot);
        const others = slots.map(({ child, pid }) => ({ child, active: pid !== undefined }));
        const next = { ...state, slots };
        return shutsDown(state.autoShutdown, slot.child, others) ? stop('shutdown', next) : noreply(next);
      }
    }
  },

  async terminate(_reason, state, self) {
    await stopSlots(self, state.slots);
  },
};

/** One attempt to restart a child and what its strategy brings with it. */
async function restart(self: Process, before: State, slot: Slot): Promise<Result<State>> {
  const counted = countRestart(before.restarts, self.runtime.clock.now(), before.intensity);
  const state = { ...before, restarts: counted.restarts };
  if (counted.exceeded) {
    for (const observer of self.runtime.observers) observer.gaveUp?.(self);
    return stop('shutdown', { ...state, slots: stopped(state.slots, slot) });
  }
  const { from, to } = restartRange(state.strategy, state.slots.indexOf(slot), state.slots.length);
  const inRange = withPid(state.slots, slot.child.id, undefined).slice(from, to);
  // The child itself has ended already; its siblings are stopped first.
  const survivors = await stopSlots(self, inRange);
  const started = await startSlots(self, survivors);
  let { slots } = started;
  if (started.type === 'failed') {
    slots = withPid(slots, started.failed, 'restarting');
    self.cast(self.pid, { type: 'try_again', id: started.failed } satisfies SupervisorCast);
  }
  return noreply({ ...state, slots: [...state.slots.slice(0, from), ...slots, ...state.slots.slice(to)] });
}

type Started =
  | { readonly type: 'ok'; readonly slots: readonly Slot[] }
  | {
      readonly type: 'failed';
      readonly slots: readonly Slot[];
      readonly failed: string;
      readonly reason: ExitReason;
    };

/** Starts first to last; at the first failure the rest stays as it is. */
async function startSlots(self: Process, slots: readonly Slot[]): Promise<Started> {
  const started: Slot[] = [];
  for (const [index, slot] of slots.entries()) {
    const result = await startOne(slot.child, self);
    if (result.type === 'error') {
      return {
        type: 'failed',
        slots: [...started, ...slots.slice(index)],
        failed: slot.child.id,
        reason: result.reason,
      };
    }
    if (result.type === 'ok') started.push({ ...slot, pid: result.pid });
    else if (slot.child.restart !== 'temporary') started.push({ ...slot, pid: undefined });
  }
  return { type: 'ok', slots: started };
}

/** Stops last to first. Temporary children are gone then. */
async function stopSlots(self: Process, slots: readonly Slot[]): Promise<readonly Slot[]> {
  for (const slot of slots.toReversed()) await stopSlot(self, slot);
  return slots
    .filter((slot) => slot.child.restart !== 'temporary')
    .map((slot) => ({ ...slot, pid: undefined }));
}

async function stopSlot(self: Process, slot: Slot): Promise<void> {
  const pid = runningPid(slot);
  if (pid !== undefined) await shutdownChild(self, pid, slot.child.shutdown);
}

/** The slots after one has ended for good. */
function stopped(slots: readonly Slot[], slot: Slot): readonly Slot[] {
  if (slot.child.restart === 'temporary') return slots.filter((candidate) => candidate !== slot);
  return slots.map((candidate) => (candidate === slot ? { ...slot, pid: undefined } : candidate));
}

function withPid(slots: readonly Slot[], id: string, pid: Slot['pid']): readonly Slot[] {
  return slots.map((slot) => (slot.child.id === id ? { ...slot, pid } : slot));
}

function runningPid(slot: Slot): Pid | undefined {
  return slot.pid === 'restarting' ? undefined : slot.pid;
}

function notStopped(slot: Slot | undefined): string | undefined {
  if (slot === undefined) return 'not_found';
  if (slot.pid === 'restarting') return 'restarting';
  return slot.pid === undefined ? undefined : 'running';
}

function alreadyThere(slot: Slot): ExitReason {
  const pid = runningPid(slot);
  return pid === undefined ? 'already_present' : { type: 'already_started', pid };
}

function describe(slot: Slot): ChildInfo {
  return { id: slot.child.id, pid: slot.pid, type: slot.child.type };
}

function startedChild(result: Exclude<StartResult, { type: 'error' }>): StartChildResult {
  if (result.type === 'ignore') return { type: 'ok', pid: undefined };
  return result;
}

function refused(reason: ExitReason): { readonly type: 'error'; readonly reason: ExitReason } {
  return { type: 'error', reason };
}
