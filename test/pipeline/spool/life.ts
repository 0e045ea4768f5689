/** Lives of processes with a spool, one after the other, and the stream that they deliver to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../fixtures/scripts/spools.js', import.meta.url));

export interface Told {
  readonly id: string;
  readonly n: number;
}

export interface Life {
  readonly child: ChildProcess;
  /** What it has said so far, a line each. */
  readonly lines: string[];
  /** What it has logged so far. */
  log(): string;
  /** Resolves when it has logged this. */
  logged(text: string): Promise<void>;
  /** Resolves when it has said so many lines. */
  said(count: number): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** A folder for a test, and the lives in it; `clear` ends them and removes it. */
export class Lives {
  readonly folder = mkdtempSync(join(tmpdir(), 'beamline-spool-'));
  readonly directory = join(this.folder, 'spool');
  readonly #file = join(this.folder, 'delivered');
  readonly #children: ChildProcess[] = [];

  start(
    what: string,
    {
      from = 0,
      hold = false,
      fileBlocks,
    }: {
      readonly from?: number;
      readonly hold?: boolean;
      /** No file of it may grow over so many blocks of 512 bytes: a write past that fails, as on a full disk. */
      readonly fileBlocks?: number;
    } = {},
  ): Life {
    const command = [process.execPath, script, this.directory, what, String(from)];
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -f "$0"; exec "$@"', String(fileBlocks), ...command];
    const [program = '', ...args] = fileBlocks === undefined ? command : limited;
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, DELIVERED: this.#file, ...(hold ? { HOLD: '1' } : {}) },
    });
    this.#children.push(child);
    const lines: string[] = [];
    const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
    createInterface({ input: child.stdout! }).on('line', (line) => {
      lines.push(line);
      for (const { count, resolve } of waiting) if (lines.length >= count) resolve();
    });
    let log = '';
    const logged = (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (log.includes(text)) resolve();
        };
        child.stderr!.on('data', look);
        void ended.then(() => reject(new Error(`it ended, having logged:\n${log}`)));
        look();
      });
    child.stderr!.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
    const said = (count: number): Promise<void> =>
      new Promise((resolve, reject) => {
        if (lines.length >= count) resolve();
        waiting.push({ count, resolve });
        void ended.then(() => reject(new Error(`it ended, having said: ${lines.join(' ')}\n${log}`)));
      });
    return { child, lines, log: () => log, logged, said, ended };
  }

  /** What was delivered by all of them. */
  delivered(): Told[] {
    return existsSync(this.#file) ? toldIn(readFileSync(this.#file, 'utf8').split('\n')) : [];
  }

  clear(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The events in lines of JSON; the last line of one who was killed may be cut. */
export function toldIn(lines: readonly string[]): Told[] {
  return lines
    .filter((line) => line.startsWith('{"id"') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Told);
}
