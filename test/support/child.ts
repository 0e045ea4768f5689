/** Runs a program of Node as a user would: in a process of its own, from the root of the package, which it imports by its name. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Output, outputOf } from '../../scripts/output-of.ts';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves with what is found first on stdout; rejects when the process ends without it. */
  until(pattern: RegExp): Promise<string>;
  /** The same for a whole line that begins with this text. */
  line(beginning: string): Promise<string>;
  readonly ended: Promise<Output>;
}

export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, args, {
    cwd: root,
    // A child of a test runner would report to it instead of printing.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
  });
  const ended = outputOf(child);
  let written = '';
  const looks = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    written += chunk;
    for (const look of looks) look();
  });
  const until = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(written);
        if (found === null) return;
        looks.delete(look);
        resolve(found[0]);
      };
      looks.add(look);
      look();
      void ended.then(({ out, err }) => reject(new Error(`it ended without ${pattern}:\n${out}${err}`)));
    });
  return {
    child,
    ended,
    until,
    line: (beginning) =>
      until(new RegExp(`^${beginning.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}.*(?=\n)`, 'm')),
  };
}

export function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Output> {
  return start(args, env).ended;
}
