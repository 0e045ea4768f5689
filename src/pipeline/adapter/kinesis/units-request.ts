/** A request of units, as a transport wants it. */
import { AggregateEntry, PackedEntries } from './put-records-body.ts';
import type { PutRecordsRequest, RecordEntry, StreamTarget, WrittenEntries } from './transport.ts';
import { entriesOf, type Unit } from './unit.ts';

export class UnitsRequest implements PutRecordsRequest {
  readonly target: StreamTarget;
  readonly #units: readonly Unit[];

  constructor(target: StreamTarget, units: readonly Unit[]) {
    this.target = target;
    this.#units = units;
  }

  get records(): readonly RecordEntry[] {
    return this.#units.flatMap((unit) => entriesOf(unit).map(({ entry }) => entry));
  }

  get parts(): readonly (RecordEntry | WrittenEntries)[] {
    return this.#units.map(partOf);
  }
}

function partOf(unit: Unit): RecordEntry | WrittenEntries {
  switch (unit.type) {
    case 'record':
      return unit.entry;
    case 'run':
      return new PackedEntries(unit.pack, unit.from, unit.to);
    case 'aggregate':
      return new AggregateEntry(unit.builder, unit.keys);
  }
}
