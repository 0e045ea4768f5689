/**
 * The keyed children of one dynamic supervisor: started off its loop, restarted at their own expense. Owns the table
 * of them; its supervisor forwards what it hears of starts, ends and due restarts, so that all of it happens one
 * after the other in the supervisor's own process.
 */
import { type Child, startOne } from './child-spec.ts';
import type { ExitReason } from './exit-reason.ts';
import { type Keyed, nextRestart } from './keyed-child.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import { shutdownChild } from './shutdown.ts';
import type { StartResult } from './start.ts';
import type { ChildResult } from './supervisor.ts';
import { verdict } from './supervisor-plan.ts';

/** A keyed child, for those who inspect. */
export interface KeyedInfo {
  readonly key: string;
  readonly state: 'starting' | 'running' | 'restarting';
  readonly pid: Pid | undefined;
  /** Restarts since it was last stable, the one that is waited for included. */
  readonly attempt: number;
  /** How often it was started again in all. */
  readonly restarts: number;
  /** Why it ended last, while it waits for its restart. */
  readonly reason: ExitReason | undefined;
  /** Milliseconds until its restart is due. */
  readonly dueInMs: number | undefined;
}

/** What the table sends to its supervisor, as casts. */
export type KeyedMessage =
  | {
      readonly type: 'keyed_started';
      readonly key: string;
      readonly token: number;
      readonly result: StartResult;
    }
  | { readonly type: 'keyed_due'; readonly key: string; readonly token: number };

export type KeyedListener = (key: string, info: KeyedInfo | undefined) => void;

export class KeyedChildren {
  readonly #self: Process;
  readonly #extra: readonly unknown[];
  readonly #changed: KeyedListener | undefined;
  readonly #children = new Map<string, Keyed>();
  /** Ends of processes that may turn out to be children whose start has not been told yet. */
  readonly #earlyEnds = new Map<number, ExitReason>();
  #token = 0;

  constructor(self: Process, extra: readonly unknown[], changed: KeyedListener | undefined) {
    this.#self = self;
    this.#extra = extra;
    this.#changed = changed;
  }

  get size(): number {
    return this.#children.size;
  }

  /** The running ones. */
  *running(): Iterable<{ readonly pid: Pid; readonly child: Child }> {
    for (const keyed of this.#children.values()) if (keyed.type === 'running') yield keyed;
  }

  *entries(): Iterable<{ readonly child: Child; readonly info: KeyedInfo }> {
    for (const [key, keyed] of this.#children) yield { child: keyed.child, info: this.#info(key, keyed) };
  }

  /** The child with the spec's key, its spec brought up to date; undefined when there is none. */
  update(child: Child): KeyedInfo | undefined {
    const keyed = this.#children.get(child.id);
    if (keyed === undefined) return undefined;
    this.#children.set(child.id, { ...keyed, child });
    return this.#info(child.id, keyed);
  }

  /** Begins the start of a new child and goes on; its outcome comes as a message. */
  start(child: Child): void {
    this.#begin(child.id, child, 0, 0);
  }

  async handle(message: KeyedMessage): Promise<void> {
    if (message.type === 'keyed_started') return this.#started(message.key, message.token, message.result);
    const keyed = this.#children.get(message.key);
    if (keyed?.type !== 'waiting' || keyed.token !== message.token) return;
    this.#begin(message.key, keyed.child, keyed.attempt, keyed.restarts);
  }

  /** A process linked to the supervisor has ended; perhaps one of these. */
  ended(pid: Pid, reason: ExitReason): void {
    for (const [key, keyed] of this.#children) {
      if (keyed.type === 'running' && keyed.pid.key === pid.key) {
        if (verdict(keyed.child.restart, reason) === 'restart') this.#wait(key, keyed, reason);
        else this.#forget(key);
        return;
      }
      if (keyed.type === 'starting') this.#earlyEnds.set(pid.key, reason);
    }
  }

  async terminate(key: string): Promise<ChildResult> {
    const keyed = this.#children.get(key);
    if (keyed === undefined) return { type: 'error', reason: 'not_found' };
    this.#forget(key);
    if (keyed.type === 'running') await shutdownChild(this.#self, keyed.pid, keyed.child.shutdown);
    return { type: 'ok' };
  }

  #begin(key: string, child: Child, attempt: number, restarts: number): void {
    const token = ++this.#token;
    this.#set(key, { type: 'starting', child, attempt, restarts, token });
    void startOne(child, this.#self, ...this.#extra).then((result) => {
      if (this.#self.alive) this.#tell({ type: 'keyed_started', key, token, result });
    });
  }

  async #started(key: string, token: number, result: StartResult): Promise<void> {
    const keyed = this.#children.get(key);
    const current = keyed?.type === 'starting' && keyed.token === token ? keyed : undefined;
    const ended = result.type === 'ok' ? this.#earlyEnds.get(result.pid.key) : undefined;
    if (result.type === 'ok' && current !== undefined) {
      const { child, attempt, restarts } = current;
      const sinceMs = this.#self.runtime.clock.now();
      this.#set(key, { type: 'running', child, attempt, restarts, pid: result.pid, sinceMs });
      if (ended !== undefined) this.ended(result.pid, ended);
    } else if (result.type === 'ok' && ended === undefined) {
      // It was terminated, or replaced, while it started.
      await shutdownChild(this.#self, result.pid, 5000);
    } else if (result.type === 'ignore' && current !== undefined) {
      this.#forget(key);
    } else if (result.type === 'error' && current !== undefined) {
      this.#wait(key, current, result.reason);
    }
    if (![...this.#children.values()].some((other) => other.type === 'starting')) this.#earlyEnds.clear();
  }

  #wait(key: string, keyed: Keyed, reason: ExitReason): void {
    const { child, restarts } = keyed;
    const { backoff } = child;
    if (backoff === undefined) return;
    const { clock, random } = this.#self.runtime;
    const { attempt, delayMs } = nextRestart(keyed, backoff, reason, clock.now(), random);
    const token = ++this.#token;
    const dueAtMs = clock.now() + delayMs;
    this.#set(key, { type: 'waiting', child, attempt, restarts: restarts + 1, token, reason, dueAtMs });
    if (delayMs === 0) this.#tell({ type: 'keyed_due', key, token });
    else this.#self.setTimer(delayMs, () => this.#tell({ type: 'keyed_due', key, token }));
  }

  #tell(message: KeyedMessage): void {
    this.#self.cast(this.#self.pid, message);
  }

  #set(key: string, keyed: Keyed): void {
    this.#children.set(key, keyed);
    this.#changed?.(key, this.#info(key, keyed));
  }

  #forget(key: string): void {
    this.#children.delete(key);
    this.#changed?.(key, undefined);
  }

  #info(key: string, keyed: Keyed): KeyedInfo {
    const waiting = keyed.type === 'waiting' ? keyed : undefined;
    return {
      key,
      state: keyed.type === 'waiting' ? 'restarting' : keyed.type,
      pid: keyed.type === 'running' ? keyed.pid : undefined,
      attempt: keyed.attempt,
      restarts: keyed.restarts,
      reason: waiting?.reason,
      dueInMs:
        waiting === undefined ? undefined : Math.max(0, waiting.dueAtMs - this.#self.runtime.clock.now()),
    };
  }
}
