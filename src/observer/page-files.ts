/** The page's files, as the build has bundled them beside this one, or among the entries. Read once, when first asked for. */
import { readFile } from 'node:fs/promises';
import { environment } from '../pipeline/environment.ts';
import { Entries, entry } from '../threads/entries.ts';
import type { Answer } from './answer.ts';

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
};
const FOLDER = entry('page/', () => new URL('./page/', import.meta.url));
const files = new Map<string, Promise<Buffer>>();

export async function pageFile(path: string): Promise<Answer | undefined> {
  const name = path === '' ? 'index.html' : path;
  const contentType = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (contentType === undefined) return undefined;
  const file = files.get(name) ?? readFile(new URL(name, folder()));
  files.set(name, file);
  return { type: 'text', status: 200, contentType, body: await file };
}

function folder(): string {
  const current = environment();
  const entries = current.type === 'application' ? current.entries : new Entries(undefined);
  return entries.urlOf(FOLDER);
}
