/**
 * One process: its mailbox, its links and monitors, its timers, and whether it lives. It runs one callback at a
 * time; what it does is its behaviour's. Death counts at once, also in the middle of a callback that awaits: from
 * then on nothing that the orphaned callback does has an effect.
 *
 *      spawn          init done              end(reason)
 *     ------> starting ------> ready <--> busy ------> dead
 *
 * Its mailbox has no bound of its own: it is bounded by who sends to it. A message that nobody can take is counted
 * in `dropped`.
 */
import { SparseMap } from '../base/sparse-map.ts';
import { CallbackRecord } from './callback-record.ts';
import { downReason, type Envelope, isDown, isExitOf, type Ref, type ReplyTo } from './envelope.ts';
import { Exit, type ExitReason } from './exit-reason.ts';
import { Mailbox, NO_MAIL } from './mailbox.ts';
import { NameTaken, refusedName } from './name-table.ts';
import {
  type Destination,
  isPid,
  type LocalName,
  type NameAt,
  type NodeId,
  type Pid,
  type ProcessId,
  type Via,
} from './pid.ts';
import { type ProcessInfo, processInfo } from './process-info.ts';
import type { Runtime } from './runtime.ts';
import type { Monitor } from './signal.ts';
import type { StartResult } from './start.ts';
import { answerSys } from './sys.ts';
import { Timers } from './timers.ts';
import { Wait } from './wait.ts';

/** What a process does. One object per process, made before its process is. */
export interface Behaviour {
  /** What this process is, in the field's word; shown by the observer. */
  readonly kind: string;
  /** Initialises, acknowledges the start, and does what has to happen before the first message. Must not throw. */
  start(process: Process): void | Promise<void>;
  /** Handles one message. Must not throw. */
  receive(envelope: Envelope): void | Promise<void>;
  /** The state, for those who inspect. */
  state?(): unknown;
}

export class Process {
  readonly pid: ProcessId;
  readonly runtime: Runtime;
  readonly behaviour: Behaviour;
  readonly parent: Pid | undefined;
  /** What the observer calls it, beside its name: the child's id, say. */
  label: string | undefined;
  name: LocalName | Via | NameAt | undefined = undefined;
  /** Other nodes on which it holds, or has held, a name. */
  heldAt: Set<NodeId> | undefined = undefined;
  readonly startedAt: number;

  alive = true;
  trapExit = false;
  handled = 0;
  dropped = 0;
  busySince: number | undefined = undefined;
  #record: CallbackRecord | undefined = undefined;

  readonly links = new SparseMap<number, Pid>();
  /** How many unlinks are on their way to a process of another node, by its pid. */
  unlinking: SparseMap<number, number> | undefined = undefined;
  /** Those this process watches. */
  readonly monitors = new SparseMap<Ref, Monitor>();
  /** Those that watch this process, in the order they came. */
  readonly watchers = new SparseMap<Ref, Pid>();
  /** Calls taken from the mailbox and not yet answered: when this process ends, they fail with its reason. */
  readonly openCalls = new SparseMap<Ref, ReplyTo>();
  /** Told the outcome of the start, once. */
  starter: ((result: StartResult) => void) | undefined = undefined;
  /** What the starter is told when the process ends before it acknowledged; an error with its reason if unset. */
  startFailure: StartResult | undefined = undefined;
  /** Called when the process has ended, before anyone hears of it. */
  onEnd: (() => void) | undefined = undefined;

  scheduled = false;
  /** Handles no message but those of `sys`. */
  suspended = false;
  #timers: Timers | undefined = undefined;
  #mailbox = NO_MAIL;
  /** `#resumed`, for callbacks that await: made once, by the first. */
  #resume: (() => void) | undefined = undefined;
  #started = false;
  #busy = false;

  constructor(runtime: Runtime, pid: ProcessId, behaviour: Behaviour, parent: Pid | undefined) {
    this.runtime = runtime;
    this.pid = pid;
    this.behaviour = behaviour;
    this.parent = parent;
    this.startedAt = runtime.clock.now();
  }

  // -- the runtime's side ------------------------------------------------------------------------------------

  /** Puts an envelope into the mailbox. The caller has checked that the process lives. */
  deliver(envelope: Envelope): void {
    const receiver = this.#mailbox.receiverOf(envelope);
    if (receiver !== undefined) {
      this.#track(envelope);
      receiver.resolve(envelope);
      return;
    }
    if (this.#ownMailbox().put(envelope))
      for (const observer of this.runtime.observers) observer.crowded?.(this, this.#mailbox.size);
    if (!this.#busy) this.runtime.scheduler.schedule(this);
  }

  #ownMailbox(): Mailbox {
    if (this.#mailbox === NO_MAIL) this.#mailbox = new Mailbox();
    return this.#mailbox;
  }

  /** Handles messages until there are none, it has to wait, or the budget is used up. Returns what was used. */
  run(budget: number): number {
    let used = 0;
    if (!this.#started) {
      this.#started = true;
      used++;
      this.#step(this.behaviour.start(this));
    }
    while (this.alive && !this.#busy && used < budget) {
      const envelope = this.suspended
        ? this.#mailbox.take(({ type }) => type === 'sys')
        : this.#mailbox.shift();
      if (envelope === undefined) break;
      used++;
      this.handled++;
      this.#track(envelope);
      if (this.runtime.measuring || this.#record?.isTracing) this.#recorded(envelope);
      else this.#handle(envelope);
    }
    return used;
  }

  #handle(envelope: Envelope): void {
    this.#step(envelope.type === 'sys' ? answerSys(this, envelope) : this.behaviour.receive(envelope));
  }

  /** A callback that awaits is counted when it has ended. */
  #recorded(envelope: Envelope): void {
    const { clock } = this.runtime;
    const from = clock.now();
    this.record.begin(envelope, this.#mailbox.size);
    this.#handle(envelope);
    if (!this.#busy) this.#count(clock.now() - from);
  }

  #count(tookMs: number): void {
    const { measuring } = this.runtime;
    if (measuring || this.#record?.isTracing) this.record.handled(tookMs, { measuring });
  }

  get record(): CallbackRecord {
    this.#record ??= new CallbackRecord(this.runtime.clock);
    return this.#record;
  }

  /** It has a message and waits for nothing. */
  get canRun(): boolean {
    return this.alive && !this.#busy && this.#mailbox.size > 0 && !this.suspended;
  }

  /** A message waits that is for its callbacks. */
  get hasMessage(): boolean {
    return this.#mailbox.hasMessage;
  }

  /**
   * Drops everything; called once, by the runtime, when the process has ended. Those who wait for its answers get
   * none.
   */
  dispose(): readonly ReplyTo[] {
    this.#record?.end();
    const unanswered =
      this.openCalls.size === 0 && this.#mailbox.size === 0
        ? NOBODY
        : [...this.openCalls.values(), ...this.#mailbox.callers()];
    this.#mailbox.clear();
    this.#timers?.end();
    this.busySince = undefined;
    return unanswered;
  }

  info(): ProcessInfo {
    return processInfo(this, this.#mailbox, this.#status(), this.#record?.spread());
  }

  #status(): ProcessInfo['status'] {
    if (this.suspended) return 'suspended';
    if (!this.#started || this.starter !== undefined) return 'starting';
    return this.#busy ? 'running' : 'waiting';
  }

  #step(result: void | Promise<void>): void {
    if (result === undefined) return;
    this.#busy = true;
    this.busySince = this.runtime.clock.now();
    this.#resume ??= () => this.#resumed();
    result.then(this.#resume, (error: unknown) => {
      // A behaviour handles what its callbacks throw; this is a fault of the behaviour itself.
      this.end({ type: 'error', error });
    });
  }

  #resumed(): void {
    if (!this.alive) return;
    this.#busy = false;
    if (this.busySince !== undefined) this.#count(this.runtime.clock.now() - this.busySince);
    this.busySince = undefined;
    if (this.#mailbox.size > 0) this.runtime.scheduler.schedule(this);
  }

  #track(envelope: Envelope): void {
    if (envelope.type !== 'call' && envelope.type !== 'sys') return;
    // A caller that has given up is not kept until the end of a server that never answers it.
    if (envelope.from.wait?.settled !== true) this.openCalls.set(envelope.from.ref, envelope.from);
  }

  // -- the behaviour's side ----------------------------------------------------------------------------------

  /** Throws in the orphaned callback of a dead process, so that it goes no further. */
  #assertAlive(): void {
    if (!this.alive) throw new Exit('killed', `process ${this.pid} has ended`);
  }

  /** Tells the starter how the start went. */
  acknowledge(result: StartResult): void {
    const starter = this.starter;
    this.starter = undefined;
    starter?.(result);
  }

  /** Ends this process. Whoever hears of it hears `reason`. */
  end(reason: ExitReason): void {
    this.runtime.end(this, reason);
  }

  reply(to: ReplyTo, value: unknown): void {
    this.#assertAlive();
    this.openCalls.delete(to.ref);
    this.runtime.settleCall(to, { type: 'ok', value });
  }

  send(to: Destination, message: unknown): void {
    this.#assertAlive();
    this.runtime.deliver(to, { type: 'info', message });
  }

  cast(to: Destination, message: unknown): void {
    this.#assertAlive();
    this.runtime.deliver(to, { type: 'cast', message });
  }

  call(to: Destination, message: unknown, options: { readonly timeoutMs?: number } = {}): Promise<unknown> {
    this.#assertAlive();
    return this.runtime.request(
      this,
      to,
      (from) => ({ type: 'call', message, from }),
      'call',
      options.timeoutMs ?? 5000,
    );
  }

  /** Asks a process to stop with `reason` and waits until it has. */
  async stop(
    to: Destination,
    reason: ExitReason = 'normal',
    options: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    this.#assertAlive();
    await this.runtime.stopProcess(this, to, reason, options.timeoutMs ?? Number.POSITIVE_INFINITY);
  }

  /** Sends an exit signal. `kill` cannot be trapped. */
  exit(to: Pid, reason: ExitReason): void {
    this.#assertAlive();
    this.runtime.exit(to, reason, this.pid);
    this.#assertAlive();
  }

  link(to: Pid): void {
    this.#assertAlive();
    this.runtime.link(this, to);
    this.#assertAlive();
  }

  unlink(from: Pid): void {
    this.#assertAlive();
    this.runtime.unlink(this, from);
  }

  monitor(target: Destination): Ref {
    this.#assertAlive();
    return this.runtime.monitor(this, target);
  }

  /** Stops watching; with `flush` a DOWN that is already in the mailbox is taken out too. */
  demonitor(ref: Ref, options: { readonly flush?: boolean } = {}): void {
    this.#assertAlive();
    this.runtime.demonitor(this, ref);
    if (options.flush === true) this.#mailbox.take((envelope) => isDown(envelope, ref));
  }

  /** What is sent to another process is sent even if this one has ended by then. */
  sendAfter(delayMs: number, message: unknown, to: Destination = this.pid): Ref {
    this.#assertAlive();
    const send = (): void => this.runtime.deliver(to, { type: 'info', message });
    if (isPid(to) && to.key === this.pid.key) return this.setTimer(delayMs, send);
    const ref = this.runtime.nextRef();
    this.#timers ??= new Timers(this.runtime.clock);
    this.#timers.setLetter(ref, delayMs, send);
    return ref;
  }

  /** True when the timer had not fired yet. */
  cancelTimer(ref: Ref): boolean {
    return this.#timers?.cancel(ref) === true;
  }

  /** Calls `fire` unless the process has ended by then. */
  setTimer(delayMs: number, fire: () => void): Ref {
    const ref = this.runtime.nextRef();
    this.#timers ??= new Timers(this.runtime.clock);
    this.#timers.set(ref, delayMs, fire);
    return ref;
  }

  /** Waits inside a callback. The process handles no message meanwhile. */
  sleep(delayMs: number): Promise<void> {
    this.#assertAlive();
    return new Promise<void>((resolve, reject) => {
      const wait = new Wait<void>(this, resolve, reject);
      this.setTimer(delayMs, () => wait.resolve());
    });
  }

  /**
   * Selective receive, inside a callback: the first envelope that matches, from the mailbox or as it comes;
   * `undefined` when none came in time. What does not match stays in the mailbox.
   */
  take(
    matches: (envelope: Envelope) => boolean,
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<Envelope | undefined> {
    this.#assertAlive();
    const found = this.#mailbox.take(matches);
    if (found !== undefined) {
      this.#track(found);
      return Promise.resolve(found);
    }
    if (timeoutMs <= 0) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const wait = new Wait<Envelope | undefined>(this, resolve, reject);
      this.#ownMailbox().receive(wait, matches, timeoutMs, this.runtime.clock);
    });
  }

  /** Waits for the end of a monitored process: its reason, or `undefined` when it did not end in time. */
  awaitDown(ref: Ref, timeoutMs = Number.POSITIVE_INFINITY): Promise<ExitReason | undefined> {
    return this.take((candidate) => isDown(candidate, ref), timeoutMs).then(downReason);
  }

  /** Takes the name; throws when somebody has it, or when this process has a name already. */
  register(name: LocalName): void {
    this.#assertAlive();
    if (!this.runtime.registerName(name, this)) throw new NameTaken(name);
  }

  unregister(name: LocalName): void {
    this.#assertAlive();
    if (!this.runtime.unregisterName(name)) throw new NameTaken(name);
  }

  /** As `register`, for a name of another node. */
  async registerAt(node: NodeId, name: LocalName): Promise<void> {
    this.#assertAlive();
    await this.runtime.registerNameAt(node, name, this).catch(refusedName(name));
  }

  /** As `unregister`, for a name of another node. */
  async unregisterAt(node: NodeId, name: LocalName): Promise<void> {
    this.#assertAlive();
    await this.runtime.unregisterNameAt(node, name, this).catch(refusedName(name));
  }

  /**
   * Waits for a promise that no process of this runtime answers. Never settles once this process has ended, so that
   * its orphaned callback goes no further.
   */
  within<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const wait = new Wait<Value>(this, resolve, reject);
      promise.then(
        (value) => wait.resolve(value),
        (error: unknown) => wait.reject(error),
      );
    });
  }

  /** Removes an EXIT message of that process from the mailbox, if there is one. */
  flushExit(from: Pid): void {
    this.#mailbox.take((envelope) => isExitOf(envelope, from));
  }
}

const NOBODY: readonly never[] = [];
