/** Runs a script of the fixtures as a process of its own, to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: readonly string[];
  readonly err: string;
}

export async function run(name: string, ...args: readonly string[]): Promise<Ended> {
  const file = fileURLToPath(new URL(`../fixtures/scripts/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, out: out === '' ? [] : out.trimEnd().split('\n'), err };
}
