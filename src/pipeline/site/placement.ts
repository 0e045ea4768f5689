/**
 * Where a record type's processes run, handed to those who start them: a thread of the type's own, or the main thread.
 * Owns what is there: the one site at a time. Whoever asks for the site waits until there is one; the Record server
 * alone decides when it is brought up.
 */
import type { Ending } from '../../base/ending.ts';
import type { Pid } from '../../otp/pid.ts';
import type { Process } from '../../otp/process.ts';
import type { StartResult } from '../../otp/start.ts';
import type { RemoteControl } from '../../threads/control-lane.ts';
import { ThreadError } from '../../threads/errors.ts';
import type { EndCause } from '../../threads/thread.ts';
import type { SiteControl } from './site.ts';

/** A site that is up. */
export interface Place {
  readonly control: RemoteControl<SiteControl>;
  /** Attended by the Record server. */
  readonly ending: Ending;
}

export interface PlacementInfo {
  readonly isolation: 'thread' | 'inline';
  readonly state: 'none' | 'starting' | 'ready' | 'stuck';
  /** Which thread, and how many there have been; null inline. */
  readonly node: number | null;
  readonly starts: number;
}

export interface Placement {
  /** Brings the site up, or finds it up. Single-flight; rejects with what went wrong. */
  open(): Promise<Place>;
  /** The site that is up now. */
  readonly place: Place | undefined;
  /**
   * Ends it, whatever it is at; another one follows. On an `order` nobody is charged with an attempt; by a `fault`, a
   * hang, what it was at is, as by a death.
   */
  restart(cause: EndCause): Promise<void>;
  /** Ends it, if it is up, and does not open it again. */
  close(): Promise<void>;
  readonly closed: boolean;
  readonly info: PlacementInfo;
  /** Resolves with the site as soon as there is one, however long that takes. */
  ready(): Promise<Place>;
}

/** Those who wait for a site. */
export class Waiting {
  readonly #waiting = new Set<(place: Place) => void>();

  wait(): Promise<Place> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  arrive(place: Place): void {
    for (const resolve of this.#waiting) resolve(place);
    this.#waiting.clear();
  }
}

/** Starts the type's Producer as a child of `parent`, as soon as there is a site. */
export function startProducerAt(placement: Placement, parent: Process): Promise<StartResult> {
  return startAt(placement, parent, (control) => control.startProducer(parent.pid));
}

/** Starts the type's ConsumerSupervisor as a child of `parent`, as soon as there is a site. */
export function startConsumerSupervisorAt(
  placement: Placement,
  parent: Process,
  producer: Pid,
): Promise<StartResult> {
  return startAt(placement, parent, (control) => control.startConsumerSupervisor(parent.pid, producer));
}

/** Has no timeout: the Record server brings the site up, at its own pace, and what waits for it is not at fault. */
async function startAt(
  placement: Placement,
  parent: Process,
  start: (control: RemoteControl<SiteControl>) => Promise<StartResult>,
): Promise<StartResult> {
  const { control } = await placement.ready();
  // The supervisor's successor has asked for itself.
  if (!parent.alive) return { type: 'error', reason: 'noproc' };
  try {
    return await start(control);
  } catch (error) {
    // The thread ended in mid-start: no fault of the child's.
    if (error instanceof ThreadError) return { type: 'error', reason: 'noconnection' };
    throw error;
  }
}
