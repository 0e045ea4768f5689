/**
 * What is published, on the main thread: what its own processes do, and what the sites of record types send. Owns which
 * channels the sites send for: those that somebody listens to, looked at when a site is opened and then once a second.
 * Nobody is told of a new subscriber, and a look costs a microsecond for all types together.
 */
import { type Clock, type Timer, untilNextBeat } from '../../base/clock.ts';
import type { Runtime } from '../../otp/runtime.ts';
import type { RecordType } from '../site/record-type.ts';
import type { WireTelemetry } from '../site/site.ts';
import type { Restarts } from '../view/restarts.ts';
import { channels, listenedTo, processObserver, publish, type RelayedChannel } from './telemetry.ts';

const LOOK_MS = 1000;

/** Publishes what the runtime and the account of restarts tell, from now on. */
export function publishTree(runtime: Runtime, restarts: Restarts): void {
  runtime.observers.add(processObserver(publish));
  restarts.listen((entry) => publish('processRestart', () => entry));
}

/** Publishes what a site has sent. */
export function publishRelayed(recordType: string, at: number, { signals, lost }: WireTelemetry): void {
  for (const { channel, message } of signals) channels[channel].publish(message);
  if (lost > 0) publish('lost', () => ({ recordType, at, lost }));
}

/** Tells sites what to send, whenever that changes. */
export class TelemetryRelay {
  readonly #clock: Clock;
  readonly #types: ReadonlyMap<string, RecordType>;
  #told: readonly RelayedChannel[];
  #timer: Timer;

  constructor(clock: Clock, types: ReadonlyMap<string, RecordType>) {
    this.#clock = clock;
    this.#types = types;
    this.#told = listenedTo();
    this.#timer = this.#lookLater();
  }

  /** What a site that is opened now begins with. */
  wanted(): readonly RelayedChannel[] {
    this.#look();
    return this.#told;
  }

  close(): void {
    this.#timer.clear();
  }

  #lookLater(): Timer {
    return this.#clock.setTimer(untilNextBeat(this.#clock, LOOK_MS), () => {
      this.#look();
      this.#timer = this.#lookLater();
    });
  }

  #look(): void {
    const wanted = listenedTo();
    if (wanted.length === this.#told.length && wanted.every((name, i) => name === this.#told[i])) return;
    this.#told = wanted;
    // A site that ends meanwhile sends nothing; the next one is told when it is opened.
    for (const { placement } of this.#types.values())
      void placement.place?.control.listen(wanted).catch(() => {});
  }
}
