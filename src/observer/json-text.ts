/**
 * A body as JSON text, in pieces: a picture of thousands of processes is a megabyte, and would keep the application from
 * its own work for ten milliseconds. The long lists of a body come `CHUNK` entries at a time, with a turn of the event
 * loop after each; whoever writes should write each piece as it comes, since to put a megabyte together, to encode it and to
 * hand it to a socket in one go takes as long again. Plain data only, and nobody may change it meanwhile.
 */
import { turnOfTheLoop } from '../base/turn.ts';

const CHUNK = 200;

/** One piece, unless there are long lists. */
export async function* jsonPieces(body: unknown): AsyncGenerator<string, void> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    yield JSON.stringify(body);
    return;
  }
  let text = '';
  let before = '{';
  for (const [name, value] of Object.entries(body)) {
    const head = `${before}${JSON.stringify(name)}:`;
    if (Array.isArray(value) && value.length > CHUNK) {
      text += head;
      for (let from = 0; from < value.length; from += CHUNK) {
        const entries = JSON.stringify(value.slice(from, from + CHUNK)).slice(1, -1);
        yield `${text}${from === 0 ? '[' : ','}${entries}`;
        text = '';
        await turnOfTheLoop();
      }
      text = ']';
    } else {
      const whole = JSON.stringify(value);
      // What has no text has no field, as in `JSON.stringify`.
      if (whole === undefined) continue;
      text += head + whole;
    }
    before = ',';
  }
  yield before === '{' ? '{}' : `${text}}`;
}
