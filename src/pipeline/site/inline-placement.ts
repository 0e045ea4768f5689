/** A record type's processes on the main thread, by the same code: for unit tests, and where there are no threads. */
import { Ending } from '../../base/ending.ts';
import type { RemoteControl } from '../../threads/control-lane.ts';
import { BeamlineError } from '../errors.ts';
import { type Place, type Placement, type PlacementInfo, Waiting } from './placement.ts';
import { RecordSite } from './record-site.ts';
import type { RecordType } from './record-type.ts';
import type { RemoteMain, SiteControl } from './site.ts';
import { siteControl } from './site-control.ts';

export class InlinePlacement implements Placement {
  readonly #type: RecordType;
  readonly #waiting = new Waiting();
  #opening: Promise<Place> | undefined;
  #place: Place | undefined;
  #starts = 0;
  closed = false;

  constructor(type: RecordType) {
    this.#type = type;
  }

  get place(): Place | undefined {
    return this.#place;
  }

  get info(): PlacementInfo {
    const state = this.#place !== undefined ? 'ready' : this.#opening !== undefined ? 'starting' : 'none';
    return { isolation: 'inline', state, node: null, starts: this.#starts };
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

  /** A handler that blocks the main thread blocks whoever would call this. */
  async restart(): Promise<void> {}

  async close(): Promise<void> {
    this.closed = true;
    const place = this.#place;
    this.#place = undefined;
    place?.ending.arrive(new BeamlineError('ERR_STOPPED', { recordType: this.#type.name, id: null }));
  }

  async #open(): Promise<Place> {
    if (this.#place !== undefined) return this.#place;
    if (this.closed) throw new BeamlineError('ERR_STOPPED', { recordType: this.#type.name, id: null });
    this.#starts++;
    const { engine, definition, mainControl } = this.#type;
    const site = await RecordSite.open(
      engine.runtime,
      this.#type.siteOpening('none'),
      definition,
      promised(mainControl) as RemoteMain,
    );
    const place: Place = {
      control: promised(siteControl(site)) as RemoteControl<SiteControl>,
      ending: new Ending(),
    };
    this.#place = place;
    this.#waiting.arrive(place);
    return place;
  }
}

/** The same functions, each with a promise: as they are when a thread lies between. */
function promised(api: object): object {
  return Object.fromEntries(
    Object.entries(api).map(([name, call]: [string, (...args: unknown[]) => unknown]) => [
      name,
      async (...args: unknown[]) => call(...args),
    ]),
  );
}
