/**
 * Says in the log, and on its channel, that a full queue has refused events: how many since the last line, at most one line a second for as
 * long as it goes on. Whichever thread was refused, the count is in shared memory.
 */
import type { RecordType } from '../site/record-type.ts';
import { publish } from './telemetry.ts';

const INTERVAL_MS = 1000;

export class Refusals {
  readonly #type: RecordType;
  #told = 0;
  #resting = false;

  constructor(type: RecordType) {
    this.#type = type;
  }

  /** There may be new ones. */
  look(): void {
    if (this.#resting) return;
    const { signals, engine, logger, name, options } = this.#type;
    const refused = signals.refused - this.#told;
    if (refused === 0) return;
    this.#told += refused;
    const told = { refused, refusedInAll: this.#told, queueBytes: options.queueBytes };
    logger.warn(told, 'the queue of a record type is full, and refuses events');
    publish('refusal', () => ({ recordType: name, at: engine.clock.wallTime(), ...told }));
    this.#resting = true;
    engine.clock.setTimer(INTERVAL_MS, () => {
      this.#resting = false;
      this.look();
    });
  }
}
