/**
 * The process that the embedded Kinesis runs in: kinesalite, all in memory, on a free loopback port. It tells its
 * parent the port, and ends when its parent does: the channel between them closes with either.
 */
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/** What the parent is told, once. */
export interface EmbeddedKinesisReady {
  readonly type: 'ready';
  readonly port: number;
}

interface KinesaliteOptions {
  readonly createStreamMs: number;
  readonly deleteStreamMs: number;
  readonly updateStreamMs: number;
  readonly shardLimit: number;
}

// kinesalite is CommonJS without types. Without a `path` it never loads its native database.
const require = createRequire(import.meta.url);
const kinesalite = require('kinesalite') as (options: KinesaliteOptions) => Server;

process.on('disconnect', () => process.exit());

const server = kinesalite({ createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0, shardLimit: 100 });
server.listen(0, '127.0.0.1', () => {
  const ready: EmbeddedKinesisReady = { type: 'ready', port: (server.address() as AddressInfo).port };
  process.send?.(ready);
});
