/**
 * One owner for a store. Who has it holds a socket in its directory open, and its name stands in the store.
 *
 * The socket says whether the owner lives: the kernel closes it with its process, however that ends, and it is the same
 * through every container that shares the folder. A process number says neither: it is used again, and in each of two
 * containers it is 1. The store says who the owner is: its transaction lets one of two that come at once be it.
 *
 *     listen on a socket of one's own -> is the socket of the owner in the store alive? -> put oneself in its place
 */
import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { BeamlineError, type SpoolOwner } from '../errors.ts';

/** Where it stands who the owner is. */
export interface OwnerRecord {
  readonly owner: string | undefined;
  /** Puts one owner in the place of another. False: it was not that one any more. */
  replaceOwner(from: string | undefined, to: string | undefined): boolean;
}

interface Owner extends SpoolOwner {
  /** The socket's file in the directory; or, where names are too long, its whole path. */
  readonly socket: string;
}

/** Of the address of a socket, on any system. */
const ADDRESS_BYTES_MAX = 100;
/** So many that come at the same time, or come and go. */
const ATTEMPTS = 20;
const YOUNG_MS = 60_000;

export class Ownership {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #self: Owner;
  #record: OwnerRecord | undefined;

  /** Says that this process lives, before it says that it is the owner. */
  static async prepare(directory: string, name: string, clock: Clock): Promise<Ownership> {
    const self: Owner = {
      pid: process.pid,
      host: hostname(),
      since: new Date(clock.wallTime()).toISOString(),
      socket: socketName(directory, name),
    };
    const server = createServer((socket) => socket.destroy());
    server.unref();
    await withAddress(
      directory,
      self.socket,
      (address) =>
        new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(address, resolve);
        }),
    );
    return new Ownership(directory, server, self, clock);
  }

  private constructor(directory: string, server: Server, self: Owner, clock: Clock) {
    this.#clock = clock;
    this.#directory = directory;
    this.#server = server;
    this.#self = self;
  }

  /** Another process holds a socket in the directory open. */
  async isAnybodyThere(): Promise<boolean> {
    const alive = await Promise.all(this.#sockets().map((socket) => isAlive(this.#directory, socket)));
    return alive.includes(true);
  }

  /** @throws BeamlineError `ERR_SPOOL_OWNED` naming the owner that lives. */
  async claim(record: OwnerRecord): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const text = record.owner;
      const owner = text === undefined ? undefined : (JSON.parse(text) as Owner);
      if (owner !== undefined && (attempt === ATTEMPTS || (await isAlive(this.#directory, owner.socket)))) {
        const { pid, host, since } = owner;
        throw new BeamlineError('ERR_SPOOL_OWNED', { directory: this.#directory, pid, host, since });
      }
      if (!record.replaceOwner(text, JSON.stringify(this.#self))) continue;
      this.#record = record;
      await this.#sweep();
      return;
    }
  }

  /** The kernel has closed the sockets of the dead, and left their files. A young one may not listen yet. */
  async #sweep(): Promise<void> {
    for (const socket of this.#sockets()) {
      const path = join(this.#directory, socket);
      const ageMs = this.#clock.wallTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (ageMs > YOUNG_MS && !(await isAlive(this.#directory, socket))) rmSync(path, { force: true });
    }
  }

  #sockets(): string[] {
    return readdirSync(this.#directory).filter(
      (name) => name.startsWith('owner-') && name !== this.#self.socket,
    );
  }

  /** The store is about to be closed. */
  release(): void {
    this.#record?.replaceOwner(JSON.stringify(this.#self), undefined);
    this.#record = undefined;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

function isAlive(directory: string, socket: string): Promise<boolean> {
  return withAddress(
    directory,
    socket,
    (address) =>
      new Promise<boolean>((resolve) => {
        const connection = createConnection(address);
        connection.once('connect', () => {
          connection.destroy();
          resolve(true);
        });
        connection.once('error', () => resolve(false));
      }),
  );
}

function socketName(directory: string, name: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\beamline-${name}`;
  const fits = process.platform === 'linux' || byteLength(join(directory, name)) <= ADDRESS_BYTES_MAX;
  return fits ? `owner-${name}.sock` : join(tmpdir(), `beamline-${name}.sock`);
}

/** A socket's address has a hundred bytes; Linux has a short one for each open folder. */
async function withAddress<T>(
  directory: string,
  socket: string,
  use: (address: string) => Promise<T>,
): Promise<T> {
  if (socket.includes('/') || socket.includes('\\')) return use(socket);
  const address = join(directory, socket);
  if (byteLength(address) <= ADDRESS_BYTES_MAX) return use(address);
  const folder = openSync(directory, 'r');
  try {
    return await use(`/proc/self/fd/${folder}/${socket}`);
  } finally {
    closeSync(folder);
  }
}

function byteLength(path: string): number {
  return Buffer.byteLength(path);
}
