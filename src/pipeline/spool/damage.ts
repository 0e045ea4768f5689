/**
 * What is done about a store that is damaged: it is put aside under another name, for whoever wants to look into it, and
 * a new one is begun. Found by a process of its own (check-store.ts), unless the store was closed in good order.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.ts';

export interface Repair {
  readonly reason: string;
  /** Where the damaged file is now. */
  readonly movedTo: string;
}

export const DATA_FILE = 'data.mdb';
export const LOCK_FILE = 'lock.mdb';
/** Says how the data file was left when it was closed. */
const CLOSED_FILE = 'closed.json';
/** What check-store.ts ends with. */
export const DAMAGED = 42;
/** How memory that is not there ends a process; not by what others send to it. */
const FATAL: ReadonlySet<string> = new Set(['SIGBUS', 'SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP']);
const FILE_MODE = 0o600;
const REASON_MAX = 300;

/** The store was closed in good order. */
export function noteClosed(directory: string): void {
  writeFileSync(join(directory, CLOSED_FILE), JSON.stringify(lookOf(directory)), { mode: FILE_MODE });
}

/** The store is opened: from now on nobody knows. */
export function noteOpen(directory: string): void {
  rmSync(join(directory, CLOSED_FILE), { force: true });
}

/** Undefined: the store can be used, as far as can be told. */
export async function repairIfDamaged(directory: string, clock: Clock): Promise<Repair | undefined> {
  if (lookOf(directory).bytes === 0 || wasClosed(directory)) return undefined;
  const reason = await faultOf(directory);
  if (reason === undefined) return undefined;
  const stamp = new Date(clock.wallTime()).toISOString().replaceAll(':', '-');
  const movedTo = join(directory, `damaged-${stamp}.mdb`);
  renameSync(join(directory, DATA_FILE), movedTo);
  rmSync(join(directory, LOCK_FILE), { force: true });
  return { reason, movedTo };
}

async function faultOf(directory: string): Promise<string | undefined> {
  const program = fileURLToPath(new URL('./check-store.js', import.meta.url));
  const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(0, REASON_MAX);
  });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (signal !== null && FATAL.has(signal)) return `reading it ends a process by ${signal}`;
    return code === DAMAGED ? said.trim() : undefined;
  } catch {
    // No process may be started here: the store is used as it is.
    return undefined;
  }
}

function wasClosed(directory: string): boolean {
  try {
    const { bytes, modifiedMs } = JSON.parse(readFileSync(join(directory, CLOSED_FILE), 'utf8')) as Look;
    const now = lookOf(directory);
    return now.bytes === bytes && now.modifiedMs === modifiedMs;
  } catch {
    return false;
  }
}

interface Look {
  readonly bytes: number;
  readonly modifiedMs: number;
}

function lookOf(directory: string): Look {
  const { size, mtimeMs } = statSync(join(directory, DATA_FILE));
  return { bytes: size, modifiedMs: mtimeMs };
}
