/**
 * Where dead letters go, on the main thread: the log, the user's function, or a file with one line of JSON a letter.
 * A letter has been taken when `take` has resolved; when it rejects the letter stays pending and is offered again.
 */
import type { Clock } from '../../base/clock.ts';
import type { DeadLetter, DeadLetterSink } from '../options/options-table.ts';
import type { WireDeadLetter } from '../site/site.ts';
import type { SpoolSite } from '../spool/spool-site.ts';
import type { Logger } from '../telemetry/logger.ts';
import { DeadLetterFile } from './dead-letter-file.ts';

export interface DeadLetterSinkPort {
  take(letter: WireDeadLetter & { readonly recordType: string }): Promise<void>;
}

interface Surroundings {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly spool: SpoolSite | undefined;
}

export function deadLetterSink(sink: DeadLetterSink, surroundings: Surroundings): DeadLetterSinkPort {
  const put = takerOf(sink, surroundings);
  return {
    async take({ error, ...letter }) {
      await put({ ...letter, error: error instanceof Error ? error : new Error(String(error)) });
    },
  };
}

function takerOf(
  sink: DeadLetterSink,
  { logger, clock, spool }: Surroundings,
): (letter: DeadLetter) => void | Promise<void> {
  if (typeof sink === 'function') return sink;
  if (sink === 'auto' && spool !== undefined) {
    return async ({ recordType, id, data, attempts, error }) => {
      const { name, message } = error;
      const code = (error as { readonly code?: unknown }).code;
      const shown = { name, message, code: typeof code === 'string' ? code : null };
      await spool.bury({ id, recordType, data, error: shown, attempts, at: clock.wallTime() });
      logger.error(
        { recordType, id, attempts, err: error },
        'event could not be delivered, and is kept in the spool as a dead letter',
      );
    };
  }
  if (sink === 'auto' || sink === 'log') {
    return ({ recordType, id, attempts, error }) =>
      logger.error({ recordType, id, attempts, err: error }, 'event could not be delivered, and is dropped');
  }
  const file = new DeadLetterFile(sink, (removed) =>
    logger.warn(
      { file: removed },
      'the oldest file of dead letters was deleted, because so many came after it',
    ),
  );
  return (letter) => file.append(lineOf(letter));
}

function lineOf({ error, ...letter }: DeadLetter): string {
  const { name, message } = error;
  return JSON.stringify(
    { ...letter, error: { name, message, code: (error as { code?: unknown }).code } },
    plain,
  );
}

/** What JSON has no word for is written as text, so that no letter is refused for its data. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}
