/**
 * A record type's processes in a worker thread of its own. Each thread that follows another has a new reader
 * generation: the old one, if it still runs, can no longer touch the queue.
 */

import type { ControlApi } from '../threads/control-lane.ts';
import { Thread, type ThreadHost } from '../threads/thread.ts';
import { BeamlineError } from './errors.ts';
import { type Place, type Placement, type PlacementInfo, Waiting } from './placement.ts';
import type { RecordType } from './record-type.ts';
import type { SiteControl } from './site.ts';

export class ThreadPlacement implements Placement {
  readonly #host: ThreadHost;
  readonly #type: RecordType;
  readonly #waiting: Waiting;
  #opening: Promise<Place> | undefined;
  #thread: Thread<SiteControl> | undefined;
  #place: Place | undefined;
  #starts = 0;
  #closed = false;
  #predecessor: 'none' | 'stopped' | 'died' = 'none';

  constructor(host: ThreadHost, type: RecordType) {
    this.#host = host;
    this.#type = type;
    this.#waiting = new Waiting(host.clock, (startTimeoutMs) => this.#late(startTimeoutMs));
  }

  /** Nobody is sent to a thread that has ended: what its end sets off, a restart for one, asks here before `ended` settles. */
  get place(): Place | undefined {
    return this.#thread?.state === 'ready' ? this.#place : undefined;
  }

  get info(): PlacementInfo {
    const state = this.#thread?.state;
    return {
      isolation: 'thread',
      state: state === undefined || state === 'ended' ? 'none' : state,
      node: this.#thread?.node,
      starts: this.#starts,
    };
  }

  open(): Promise<Place> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  ready(timeoutMs: number): Promise<Place> {
    const { place } = this;
    return place === undefined ? this.#waiting.wait(timeoutMs) : Promise.resolve(place);
  }

  async restart(): Promise<void> {
    await this.#thread?.terminate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#predecessor = 'stopped';
    await this.#thread?.terminate();
  }

  async #open(): Promise<Place> {
    const { place: present } = this;
    if (present !== undefined) return present;
    if (this.#closed) throw new BeamlineError('ERR_STOPPED', { recordType: this.#type.name, id: null });
    const { name, options, engine } = this.#type;
    const argument = this.#type.siteArgument(this.#predecessor);
    this.#predecessor = 'died';
    this.#starts++;
    const thread = new Thread<SiteControl>(this.#host, {
      node: engine.nextNode(),
      name: `beamline ${name}`,
      role: new URL('./record-thread.js', import.meta.url).href,
      argument,
      control: this.#type.mainControl as unknown as ControlApi,
      startTimeoutMs: options.startTimeoutMs,
      terminateTimeoutMs: options.terminateTimeoutMs,
    });
    this.#thread = thread;
    this.#place = undefined;
    const place: Place = { control: thread.control, ended: thread.ended };
    void thread.ended.then(() => engine.directory.retire(argument.identity));
    try {
      await thread.ready;
    } catch (error) {
      throw (error as { code?: string }).code === 'ERR_THREAD_START_TIMEOUT'
        ? this.#late(options.startTimeoutMs)
        : error;
    }
    // It may have ended between its last word and now.
    if (thread.state === 'ready') this.#place = place;
    this.#waiting.arrive(place);
    return place;
  }

  #late(startTimeoutMs: number): Error {
    const { name: recordType, url } = this.#type;
    return new BeamlineError('ERR_START_TIMEOUT', { recordType, url, startTimeoutMs });
  }
}
