/**
 * Where dead letters go, on the main thread: the log, the user's function, or a file with one line of JSON a letter.
 * A letter has been taken when `take` has resolved; when it rejects the letter stays pending and is offered again.
 */
import { appendFile } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Logger } from './logger.ts';
import type { DeadLetter, DeadLetterSink } from './options-table.ts';
import type { WireDeadLetter } from './site.ts';
import type { SpoolSite } from './spool/spool-site.ts';

export interface DeadLetterSinkPort {
  take(letter: WireDeadLetter & { readonly recordType: string }): Promise<void>;
}

export function deadLetterSink(
  sink: DeadLetterSink,
  {
    logger,
    clock,
    spool,
  }: { readonly logger: Logger; readonly clock: Clock; readonly spool: SpoolSite | undefined },
): DeadLetterSinkPort {
  return {
    async take({ recordType, id, data, error, attempts }) {
      const letter: DeadLetter = {
        recordType,
        id,
        data,
        error: error instanceof Error ? error : new Error(String(error)),
        attempts,
      };
      if (sink === 'auto' && spool !== undefined) {
        const { name, message } = letter.error;
        const code = (letter.error as { readonly code?: unknown }).code;
        const shown = { name, message, code: typeof code === 'string' ? code : null };
        await spool.bury({ id, recordType, data, error: shown, attempts, at: clock.wallTime() });
        logger.error(
          { recordType, id, attempts, err: letter.error },
          'event could not be delivered, and is kept in the spool as a dead letter',
        );
      } else if (sink === 'auto' || sink === 'log') {
        logger.error(
          { recordType, id, attempts, err: letter.error },
          'event could not be delivered, and is dropped',
        );
      } else if (typeof sink === 'function') {
        await sink(letter);
      } else {
        await appendFile(sink.file, `${lineOf(letter)}\n`, { mode: 0o600 });
      }
    },
  };
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
