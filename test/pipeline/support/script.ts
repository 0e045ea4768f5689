/** Runs a script of the fixtures as a process of its own, to its end. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { outputOf } from '../../../scripts/output-of.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: readonly string[];
  readonly err: string;
}

export async function run(name: string, ...args: readonly string[]): Promise<Ended> {
  const file = fileURLToPath(new URL(`../fixtures/scripts/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { code, signal, out, err } = await outputOf(child);
  return { code, signal, out: out === '' ? [] : out.trimEnd().split('\n'), err };
}
