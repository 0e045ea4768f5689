/**
 * Where a record type's processes run, handed to those who start them: a thread of the type's own, or the main thread.
 * Owns what is there: the one site at a time. Whoever asks for the site waits until there is one; the Record server
 * alone decides when it is brought up.
 */
import type { Clock } from '../base/clock.ts';
import type { Pid } from '../otp/pid.ts';
import type { StartResult } from '../otp/start.ts';
import type { RemoteControl } from '../threads/control-lane.ts';
import { ThreadError } from '../threads/errors.ts';
import type { SiteControl } from './site.ts';

/** A site that is up. */
export interface Place {
  readonly control: RemoteControl<SiteControl>;
  /** Resolves with what ended it. */
  readonly ended: Promise<Error>;
}

export interface PlacementInfo {
  readonly isolation: 'thread' | 'inline';
  readonly state: 'none' | 'starting' | 'ready' | 'stuck';
  /** Which thread, and how many there have been; undefined inline. */
  readonly node: number | undefined;
  readonly starts: number;
}

export interface Placement {
  /** Brings the site up, or finds it up. Single-flight; rejects with what went wrong. */
  open(): Promise<Place>;
  /** The site that is up now. */
  readonly place: Place | undefined;
  /** Ends it, hung as it is; what it was at is charged as by a death. */
  restart(): Promise<void>;
  /** Ends it, if it is up, and does not open it again. */
  close(): Promise<void>;
  readonly info: PlacementInfo;
  /** Resolves with the site as soon as there is one; rejects after `timeoutMs`. */
  ready(timeoutMs: number): Promise<Place>;
}

/** Those who wait for a site. */
export class Waiting {
  readonly #clock: Clock;
  readonly #late: (timeoutMs: number) => Error;
  readonly #waiting = new Set<(place: Place) => void>();

  constructor(clock: Clock, late: (timeoutMs: number) => Error) {
    this.#clock = clock;
    this.#late = late;
  }

  wait(timeoutMs: number): Promise<Place> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        this.#waiting.delete(arrive);
        reject(this.#late(timeoutMs));
      });
      const arrive = (place: Place): void => {
        timer.clear();
        resolve(place);
      };
      this.#waiting.add(arrive);
    });
  }

  arrive(place: Place): void {
    for (const waiting of this.#waiting) waiting(place);
    this.#waiting.clear();
  }
}

/** Starts the type's Producer as a child of `parent`, as soon as there is a site. */
export function startProducerAt(placement: Placement, parent: Pid, timeoutMs: number): Promise<StartResult> {
  return startAt(placement, timeoutMs, (control) => control.startProducer(parent));
}

/** Starts the type's ConsumerSupervisor as a child of `parent`, as soon as there is a site. */
export function startConsumerSupervisorAt(
  placement: Placement,
  parent: Pid,
  producer: Pid,
  timeoutMs: number,
): Promise<StartResult> {
  return startAt(placement, timeoutMs, (control) => control.startConsumerSupervisor(parent, producer));
}

async function startAt(
  placement: Placement,
  timeoutMs: number,
  start: (control: RemoteControl<SiteControl>) => Promise<StartResult>,
): Promise<StartResult> {
  const { control } = await placement.ready(timeoutMs);
  try {
    return await start(control);
  } catch (error) {
    // The thread ended in mid-start: no fault of the child's.
    if (error instanceof ThreadError) return { type: 'error', reason: 'noconnection' };
    throw error;
  }
}
