/**
 * Bundles the observer's page into the build folder: one script and one style sheet, with everything in them that they
 * need, so that the page asks nobody else for anything.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const source = resolve(root, 'src/observer/page');
const target = resolve(root, 'build/src/observer/page');

async function main(): Promise<void> {
  await mkdir(target, { recursive: true });
  await build({
    entryPoints: [
      { in: resolve(source, 'main.tsx'), out: 'page' },
      { in: resolve(source, 'page.css'), out: 'page' },
    ],
    outdir: target,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
  });
  await copyFile(resolve(source, 'index.html'), resolve(target, 'index.html'));
}

await main();
