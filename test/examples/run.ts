/** Runs an example as a user would: in a process of its own, from the root of the package, which it imports by its name. */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Output, outputOf } from '../../scripts/output-of.ts';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

export interface Running {
  readonly child: ChildProcess;
  /** Resolves with the first line on stdout that begins with this text; rejects when the process ends without one. */
  line(beginning: string): Promise<string>;
  readonly ended: Promise<Output>;
}

export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
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
  return {
    child,
    ended,
    line: (beginning) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = written
            .split('\n')
            .slice(0, -1)
            .find((line) => line.startsWith(beginning));
          if (found === undefined) return;
          looks.delete(look);
          resolve(found);
        };
        looks.add(look);
        look();
        void ended.then(({ out, err }) =>
          reject(new Error(`it ended without '${beginning}':\n${out}${err}`)),
        );
      }),
  };
}

export function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Output> {
  return start(args, env).ended;
}
