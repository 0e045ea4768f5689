/** Brings the parts of the papers that are made from the code up to date: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generated, withSection } from './docs/generated.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

for (const part of generated()) {
  const path = join(root, part.file);
  writeFileSync(path, withSection(readFileSync(path, 'utf8'), part));
}
