/**
 * A body as JSON text, in pieces: a picture of thousands of processes is a megabyte, and would keep the application from
 * its own work for ten milliseconds. The long lists of a body are written `CHUNK` entries at a time, with a turn of the
 * event loop after each. Plain data only, and nobody may change it meanwhile.
 */
import { turnOfTheLoop } from '../base/turn.ts';

const CHUNK = 200;

export async function jsonText(body: unknown): Promise<string> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return JSON.stringify(body);
  const fields: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    const text = Array.isArray(value) && value.length > CHUNK ? await listText(value) : JSON.stringify(value);
    // What has no text has no field, as in `JSON.stringify`.
    if (text !== undefined) fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${fields.join(',')}}`;
}

async function listText(list: readonly unknown[]): Promise<string> {
  const chunks: string[] = [];
  for (let from = 0; from < list.length; from += CHUNK) {
    chunks.push(JSON.stringify(list.slice(from, from + CHUNK)).slice(1, -1));
    await turnOfTheLoop();
  }
  return `[${chunks.join(',')}]`;
}
