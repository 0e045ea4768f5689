/**
 * A record type's processes in a worker thread of its own. Each thread that follows another has a new reader
 * generation: the old one, if it still runs, can no longer touch the queue.
 */

import { Ending } from '../../base/ending.ts';
import type { ControlApi } from '../../threads/control-lane.ts';
import { startThreadPool } from '../../threads/niceness.ts';
import { roleUrl } from '../../threads/spawn.ts';
import { type EndCause, Thread, type ThreadHost } from '../../threads/thread.ts';
import { BeamlineError } from '../errors.ts';
import { type Place, type Placement, type PlacementInfo, Waiting } from './placement.ts';
import type { RecordType } from './record-type.ts';
import type { SiteArgument, SiteControl } from './site.ts';
import { RECORD_ROLE } from './type-queue.ts';

export class ThreadPlacement implements Placement {
  readonly #host: ThreadHost;
  readonly #type: RecordType;
  readonly #waiting = new Waiting();
  #opening: Promise<Place> | undefined;
  #thread: Thread<SiteControl> | undefined;
  #place: Place | undefined;
  #starts = 0;
  closed = false;
  /** How the last thread ended that was ever ready: one that was not has run nothing. */
  #predecessor: SiteArgument['predecessor'] = 'none';

  constructor(host: ThreadHost, type: RecordType) {
    this.#host = host;
    this.#type = type;
  }

  get place(): Place | undefined {
    return this.#place;
  }

  get info(): PlacementInfo {
    const state = this.#thread?.state;
    return {
      isolation: 'thread',
      state: state === undefined || state === 'ended' ? 'none' : state,
      node: this.#thread?.node ?? null,
      starts: this.#starts,
    };
  }

  open(): Promise<Place> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  ready(): Promise<Place> {
    return this.#place === undefined ? this.#waiting.wait() : Promise.resolve(this.#place);
  }

  async restart(cause: EndCause): Promise<void> {
    await this.#thread?.terminate(cause);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.#thread?.terminate('order');
  }

  async #open(): Promise<Place> {
    if (this.#place !== undefined) return this.#place;
    if (this.closed) throw new BeamlineError('ERR_STOPPED', { recordType: this.#type.name, id: null });
    const { name, url, options, engine } = this.#type;
    // Before the next reader is announced.
    const role = roleUrl(this.#host.entries, RECORD_ROLE);
    const argument = this.#type.siteOpening(this.#predecessor);
    if (this.#starts++ === 0) startThreadPool();
    const thread = new Thread<SiteControl>(this.#host, {
      node: engine.nextNode(),
      name: this.#type.threadName,
      role,
      argument,
      control: this.#type.mainControl as unknown as ControlApi,
      startTimeoutMs: options.startTimeoutMs,
      terminateTimeoutMs: options.terminateTimeoutMs,
      resourceLimits: options.resourceLimits,
      // Before the supervisors hear of it: what they start again waits for the next thread.
      onEnded: () => {
        if (this.#place !== undefined) this.#predecessor = thread.endedBy === 'order' ? 'stopped' : 'died';
        this.#place = undefined;
        engine.directory.retire(argument.identity);
      },
    });
    this.#thread = thread;
    const place: Place = { control: thread.control, ending: new Ending() };
    void thread.ended.then((error) => place.ending.arrive(error));
    try {
      await thread.ready;
    } catch (error) {
      // A successor begins when this one has ended, or is known to be stuck.
      await thread.terminate('fault');
      const { startTimeoutMs } = options;
      throw (error as { code?: string }).code === 'ERR_THREAD_START_TIMEOUT'
        ? new BeamlineError('ERR_START_TIMEOUT', { recordType: name, url, startTimeoutMs })
        : error;
    }
    // It may have ended between its last word and now.
    if (thread.state === 'ready') this.#place = place;
    this.#waiting.arrive(place);
    return place;
  }
}
