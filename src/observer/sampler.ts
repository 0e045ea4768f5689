/**
 * Looks at the application once a second for as long as somebody watches, and not at all otherwise. All watchers share
 * one look; whoever asks for a snapshot between two gets one that is taken for all who ask at that moment.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { PlainApplication } from '../pipeline/application.ts';
import { healthOf } from '../pipeline/view/health.ts';
import type { RestartEntry } from '../pipeline/view/restarts.ts';
import type { Snapshot } from '../pipeline/view/snapshot-types.ts';
import { changesBetween, Feed, restartEntry } from './feed.ts';

/** What the observer needs of the application. */
export type ObservedApplication = Pick<
  PlainApplication,
  | 'inspect'
  | 'watch'
  | 'onRestart'
  | 'kill'
  | 'suspend'
  | 'resume'
  | 'trace'
  | 'state'
  | 'endThread'
  | 'flush'
>;

export type Watcher = (now: Snapshot, before: Snapshot | undefined) => void;

const LOOK_MS = 1000;

export class Sampler {
  readonly feed = new Feed();
  readonly #app: ObservedApplication;
  readonly #clock: Clock;
  readonly #watchers = new Set<Watcher>();
  /** The number of the last restart that is in the feed. */
  #told = 0;
  #taking: Promise<Snapshot> | undefined;
  #latest: Snapshot | undefined;
  #timer: Timer | undefined;
  #leave: (() => void) | undefined;

  constructor(app: ObservedApplication, clock: Clock) {
    this.#app = app;
    this.#clock = clock;
  }

  get watching(): number {
    return this.#watchers.size;
  }

  /** A snapshot of now. */
  take(): Promise<Snapshot> {
    this.#taking ??= this.#app.inspect().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  /** Calls `watcher` with each look, until the function it returns is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#begin();
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#end();
    };
  }

  close(): void {
    if (this.#watchers.size > 0) this.#end();
    this.#watchers.clear();
  }

  #begin(): void {
    const leave = this.#app.watch();
    const deafen = this.#app.onRestart((entry) => this.#tell(entry));
    this.#leave = () => {
      leave();
      deafen();
    };
    void this.#look();
  }

  #end(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    this.#leave?.();
    this.#leave = undefined;
    this.#latest = undefined;
  }

  #tell(entry: RestartEntry): void {
    if (entry.seq <= this.#told) return;
    this.#told = entry.seq;
    this.feed.add(restartEntry(entry));
  }

  async #look(): Promise<void> {
    const leave = this.#leave;
    const taken = await this.take();
    // Everybody left meanwhile, or left and came back.
    if (this.#leave !== leave || leave === undefined) return;
    // What happened while nobody watched.
    for (const entry of taken.restarts) this.#tell(entry);
    const before = this.#latest;
    const now = { ...taken, health: healthOf(taken, before) };
    this.#latest = now;
    for (const change of changesBetween(before, now)) this.feed.add(change);
    for (const watcher of this.#watchers) watcher(now, before);
    this.#timer = this.#clock.setTimer(LOOK_MS, () => void this.#look());
  }
}
