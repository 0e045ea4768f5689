/**
 * One worker thread with a runtime of its own, seen from the thread that started it. Owns the worker and the link to
 * it. Its end, however it comes, is told once: to the runtime as `nodeDown`, after the last signal that the thread
 * sent, and then by `ended`.
 *
 *     starting ---> ready ---> ended
 *         |           |          ^
 *         |           +-> stuck -+      asked to end and still running after terminateTimeoutMs
 *         +----------------------+
 */
import { MessageChannel, type ResourceLimits, type Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../base/clock.ts';
import type { NodeId } from '../otp/pid.ts';
import type { Runtime } from '../otp/runtime.ts';
import { type ControlApi, type RemoteControl, remoteControl, serveControl } from './control-lane.ts';
import type { Entries } from './entries.ts';
import { ThreadError } from './errors.ts';
import { NodeLink, type Traffic } from './node-link.ts';
import { spawn } from './spawn.ts';
import type { TermCodec } from './term-codec.ts';
import type { ThreadTransport } from './thread-transport.ts';

export interface ThreadOptions {
  readonly node: NodeId;
  readonly name: string;
  /** The module that says what the thread is for: its `boot` is called with `argument`. A file URL, of `roleUrl`. */
  readonly role: string;
  /** Structured-cloneable. */
  readonly argument: unknown;
  /** What the thread may call here. */
  readonly control: ControlApi;
  readonly startTimeoutMs: number;
  readonly terminateTimeoutMs: number;
  readonly resourceLimits?: ResourceLimits;
  /** Called when the thread has ended, before any process hears of it. */
  readonly onEnded?: () => void;
}

/** What the threads of one application have in common. */
export interface ThreadHost {
  readonly runtime: Runtime;
  readonly transport: ThreadTransport;
  readonly codec: TermCodec;
  readonly clock: Clock;
  readonly entries: Entries;
}

/** How often a thread may be found not to have reacted to a kill; each on a turn of its own of this thread's loop. */
const REACTION_CHECKS = 3;

/** Why a thread is told to end: on somebody's order, or because of what it does, or does not. */
export type EndCause = 'order' | 'fault';

export type ThreadState = 'starting' | 'ready' | 'stuck' | 'ended';

export class Thread<Api> {
  readonly node: NodeId;
  readonly name: string;
  /** Functions of the thread's role; they fail when the thread ends. */
  readonly control: RemoteControl<Api>;
  /** Resolves when the role has booted; rejects when it could not, or not in time. */
  readonly ready: Promise<void>;
  /** Resolves with what ended the thread. */
  readonly ended: Promise<Error>;
  readonly startedAt: number;
  readonly #host: ThreadHost;
  readonly #options: ThreadOptions;
  readonly #worker: Worker;
  readonly #link: NodeLink;
  #state: ThreadState = 'starting';
  #failure: Error | undefined = undefined;
  #endedBy: EndCause | undefined = undefined;
  /** Kills that the thread has not shown to have heard, and the next look at them. */
  #unheardKills = 0;
  #reactionTimer: Timer | undefined = undefined;
  #settleReady!: { resolve(): void; reject(error: Error): void };
  #settleEnded!: (error: Error) => void;

  constructor(host: ThreadHost, options: ThreadOptions) {
    this.#host = host;
    this.#options = options;
    this.node = options.node;
    this.name = options.name;
    this.startedAt = host.clock.now();
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // A start that failed is told to whoever awaits `ready`; nobody has to.
    this.ready.catch(() => {});

    const { port1, port2 } = new MessageChannel();
    this.#link = new NodeLink(options.node, port1, host.codec, () => host.runtime);
    this.#link.onBoot = (packet) => {
      if (packet.type === 'booted') this.#booted();
      else this.#fail(host.codec.decode(packet.error) as Error);
    };
    this.#link.onKill = () => this.#killed();
    this.#link.onPong = () => this.#reacted();
    host.transport.add(this.#link);
    serveControl(options.control, this.#link.control, host.codec);
    this.control = remoteControl<Api>(this.#link.control, host.codec, this.ended);

    const data = {
      node: options.node,
      parent: host.runtime.node,
      port: port2,
      role: options.role,
      argument: options.argument,
    };
    this.#worker = spawn(options.name, data, host.entries, options.resourceLimits);
    this.#worker.on('error', (error: unknown) => {
      this.#endedBy ??= 'fault';
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.once('exit', (exitCode) => this.#exited(exitCode));
    this.unref();
    this.#watchStart();
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** By what it has ended, or is about to: `order` when it would have gone on; undefined while nothing ends it. */
  get endedBy(): EndCause | undefined {
    return this.#endedBy;
  }

  get traffic(): Traffic {
    return this.#link.traffic;
  }

  /** Keeps the Node process alive for as long as the thread runs. */
  ref(): void {
    this.#worker.ref();
    this.#link.ref();
  }

  unref(): void {
    this.#worker.unref();
    this.#link.unref();
  }

  /**
   * Ends the thread, whatever it is doing. Resolves when it has ended, or when `terminateTimeoutMs` is over and it
   * still runs native code: it is `stuck` then, and what it may still send is not heard any more.
   */
  async terminate(
    cause: EndCause,
    reason: Error = new ThreadError('ERR_THREAD_ENDED', `thread ${this.name} was ended`),
  ): Promise<void> {
    if (this.#state === 'ended') return;
    this.#endedBy ??= cause;
    this.#failure ??= reason;
    void this.#worker.terminate();
    const { clock } = this.#host;
    let stuck: (() => void) | undefined;
    const timeout = new Promise<void>((resolve) => {
      stuck = resolve;
    });
    const timer = clock.setTimer(this.#options.terminateTimeoutMs, () => stuck?.());
    await Promise.race([this.ended, timeout]);
    timer.clear();
    // The compiler takes `ended` for impossible here; the wait has made it possible.
    if ((this.#state as ThreadState) !== 'ended') this.#abandon();
  }

  #booted(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    this.#settleReady.resolve();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#settleReady.reject(error);
    void this.terminate('fault', error);
  }

  /** A kill cannot be refused: on a thread that does not react to it, it is the end of the thread. */
  #killed(): void {
    this.#unheardKills++;
    this.#link.post({ type: 'ping' });
    if (this.#reactionTimer === undefined) this.#awaitReaction(REACTION_CHECKS);
  }

  #reacted(): void {
    this.#unheardKills--;
    this.#reactionTimer?.clear();
    this.#reactionTimer = undefined;
    if (this.#unheardKills > 0) this.#awaitReaction(REACTION_CHECKS);
  }

  #awaitReaction(checks: number): void {
    const { terminateTimeoutMs } = this.#options;
    this.#reactionTimer = this.#host.clock.setTimer(terminateTimeoutMs / REACTION_CHECKS, () => {
      if (checks > 1) return this.#awaitReaction(checks - 1);
      void this.terminate(
        'order',
        new ThreadError(
          'ERR_THREAD_ENDED',
          `thread ${this.name} did not react to a kill within ${terminateTimeoutMs} ms`,
        ),
      );
    });
  }

  #watchStart(): void {
    const { startTimeoutMs } = this.#options;
    const timer = this.#host.clock.setTimer(startTimeoutMs, () => {
      if (this.#state === 'starting') {
        this.#fail(
          new ThreadError(
            'ERR_THREAD_START_TIMEOUT',
            `thread ${this.name} did not start within ${startTimeoutMs} ms`,
          ),
        );
      }
    });
    void this.ready.then(
      () => timer.clear(),
      () => timer.clear(),
    );
  }

  #exited(exitCode: number): void {
    const wasStuck = this.#state === 'stuck';
    this.#state = 'ended';
    this.#endedBy ??= 'fault';
    if (!wasStuck)
      this.#announce(
        this.#failure ??
          new ThreadError('ERR_THREAD_ENDED', `thread ${this.name} ended with exit code ${exitCode}`),
      );
  }

  /** It does not end: to everybody else it has. */
  #abandon(): void {
    this.#state = 'stuck';
    this.#announce(this.#failure ?? new ThreadError('ERR_THREAD_ENDED', `thread ${this.name} is stuck`));
  }

  #announce(error: Error): void {
    this.#reactionTimer?.clear();
    if (this.#state === 'stuck') this.#link.close();
    else this.#link.drainAndClose();
    this.#host.transport.remove(this.node);
    this.#options.onEnded?.();
    this.#host.runtime.nodeDown(this.node);
    this.#settleReady.reject(error);
    this.#settleEnded(error);
  }
}
