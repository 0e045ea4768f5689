/**
 * Order by key: what `partitionBy` says of an event, and the lane that its key leads to. Runs in the type's thread.
 *
 * The rule: events of one key are in one lane, and a lane is in one batch at a time. So for each key and each thread
 * that records, what comes first in the stream comes in the order in which it was recorded, as far as the handler gives
 * all events of a key the same partition key; whatever is sent again, and whoever dies.
 */
import { type ClaimedEvent, LANES } from '../../threads/queue/index.ts';
import type { Definition, Recorded } from '../definition.ts';
import { BeamlineError } from '../errors.ts';
import { shownValue, thrownText } from '../shown-value.ts';

export type PartitionKey = string | number;

export class Partition {
  readonly #recordType: string;
  readonly #keyOf: (event: unknown) => unknown;

  constructor(recordType: string, keyOf: NonNullable<Definition['partitionBy']>) {
    this.#recordType = recordType;
    this.#keyOf = keyOf;
  }

  /** For the table of claims. An event without a usable key has a lane all the same: `check` tells why it fails. */
  readonly laneOf = (event: ClaimedEvent): number => {
    const key = this.#ask(event.decode());
    return laneOfKey(key instanceof Unusable ? event.id : String(key));
  };

  /** Fails for an event without a usable key, before the handler is given the batch that it is in. */
  check(events: readonly Recorded<unknown>[]): void {
    for (const { id, data } of events) {
      const key = this.#ask(data);
      if (!(key instanceof Unusable)) continue;
      const { came, cause } = key;
      throw new BeamlineError('ERR_PARTITION_BY', { recordType: this.#recordType, id, came }, { cause });
    }
  }

  #ask(event: unknown): PartitionKey | Unusable {
    let key: unknown;
    try {
      key = this.#keyOf(event);
    } catch (error) {
      return new Unusable(`it threw ${thrownText(error)}`, error);
    }
    if (typeof key === 'string' || (typeof key === 'number' && Number.isFinite(key))) return key;
    return new Unusable(`${shownValue('key', key)} came`, undefined);
  }
}

class Unusable {
  readonly came: string;
  readonly cause: unknown;

  constructor(came: string, cause: unknown) {
    this.came = came;
    this.cause = cause;
  }
}

/** FNV-1a over the key's UTF-16 units, folded: keys that differ in their last character alone are far apart. */
function laneOfKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (LANES - 1);
}
