/** Finding a record type of the application by its name. */
import type { Engine } from './engine.ts';
import { BeamlineError } from './errors.ts';
import type { RecordType } from './site/record-type.ts';

export function typeNamed(engine: Engine, recordType: string): RecordType {
  const type = engine.types.get(recordType);
  if (type === undefined)
    throw new BeamlineError('ERR_TYPE_NOT_DEFINED', { recordType, defined: [...engine.types.keys()] });
  return type;
}
