/** Commands of a shell, as a newcomer types them: in a process group of their own, so that Ctrl+C reaches all of them. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Output, outputOf } from '../output-of.ts';

export class Shell {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended: Promise<Output>;
  #written = '';

  /** Runs them one after the other; the first that fails is the last. */
  constructor(commands: string, cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('sh', ['-e', '-c', commands], {
      cwd,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child.stdout.on('data', (chunk) => {
      this.#written += chunk;
    });
    this.#ended = outputOf(this.#child);
  }

  /** Resolves at its end. What is not done in time is killed. */
  async end(limitMs: number): Promise<Output> {
    const timer = setTimeout(() => this.signal('SIGKILL'), limitMs);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when it has printed that; rejects when it ends before, or does not come to it in time. */
  async printed(pattern: RegExp, limitMs: number): Promise<RegExpExecArray> {
    const late = setTimeout(() => this.signal('SIGKILL'), limitMs);
    const stop = new AbortController();
    try {
      return await Promise.race([
        this.#find(pattern, stop.signal),
        this.#ended.then(({ out, err }) => {
          throw new Error(`it ended without ${pattern}:\n${out}${err}`);
        }),
      ]);
    } finally {
      stop.abort();
      clearTimeout(late);
    }
  }

  #find(pattern: RegExp, stop: AbortSignal): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = pattern.exec(this.#written);
        if (found !== null) resolve(found);
      };
      this.#child.stdout.on('data', look);
      stop.addEventListener('abort', () => this.#child.stdout.off('data', look));
      look();
    });
  }

  /** To all of its processes that are still there. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
