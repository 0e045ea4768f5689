/**
 * A Kinesis to try things on: kinesalite in a child process of its own, so that it takes nothing from the event
 * loop that is looked at. Speaks the wire API by plain HTTP and not by the AWS SDK, so that what is read back is
 * judged by something else than what wrote it.
 *
 * The child is never left behind: it ends when the channel to its parent closes, however the parent ends; and it
 * does not keep the parent alive.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { EmbeddedKinesisReady } from './embedded-kinesis-child.ts';

/** A record as it was read back from a shard. */
export interface ReadRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
}

export interface EmbeddedKinesis {
  /** `http://127.0.0.1:<port>`, for `kinesis({ endpoint })`. */
  readonly endpoint: string;
  readonly region: string;
  /** Any will do; these are for `kinesis({ credentials })`. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Makes a stream and waits until it takes records. */
  createStream(name: string, shards: number): Promise<void>;
  /** Every record of every shard, in the order of each shard. */
  readAll(stream: string): Promise<ReadRecord[]>;
  /** Ends the child and waits for its end. A second call does no harm. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;

export async function startEmbeddedKinesis(): Promise<EmbeddedKinesis> {
  const child = fork(new URL('./embedded-kinesis-child.js', import.meta.url), { execArgv: [] });
  const exited = once(child, 'exit');
  const port = await portOf(child);
  // From here on the child waits for its parent, not the other way round.
  child.unref();
  child.channel?.unref();
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
    createStream: (name, shards) => createStream(endpoint, name, shards),
    readAll: (stream) => readAll(endpoint, stream),
    async stop() {
      if (!child.connected) return;
      child.ref();
      child.disconnect();
      await exited;
    },
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the embedded Kinesis ended before it was ready, with exit code ${code}`);
      }),
    ]);
    return (message as EmbeddedKinesisReady).port;
  } catch (error) {
    if (child.connected) child.disconnect();
    throw error;
  }
}

async function createStream(endpoint: string, name: string, shards: number): Promise<void> {
  await call(endpoint, 'CreateStream', { StreamName: name, ShardCount: shards });
  for (;;) {
    const answer = await call(endpoint, 'DescribeStreamSummary', { StreamName: name });
    const { StreamStatus } = answer.StreamDescriptionSummary as { StreamStatus: string };
    if (StreamStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function readAll(endpoint: string, stream: string): Promise<ReadRecord[]> {
  const { Shards } = await call(endpoint, 'ListShards', { StreamName: stream });
  const records: ReadRecord[] = [];
  for (const { ShardId } of Shards as { ShardId: string }[]) {
    records.push(...(await readShard(endpoint, stream, ShardId)));
  }
  return records;
}

interface WireRecord {
  readonly SequenceNumber: string;
  readonly PartitionKey: string;
  readonly Data: string;
}

async function readShard(endpoint: string, stream: string, shardId: string): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  const first = await call(endpoint, 'GetShardIterator', {
    StreamName: stream,
    ShardId: shardId,
    ShardIteratorType: 'TRIM_HORIZON',
  });
  let iterator = first.ShardIterator as string | undefined;
  while (iterator !== undefined) {
    const page = await call(endpoint, 'GetRecords', { ShardIterator: iterator });
    for (const { SequenceNumber, PartitionKey, Data } of page.Records as WireRecord[]) {
      records.push({
        shardId,
        sequenceNumber: SequenceNumber,
        partitionKey: PartitionKey,
        data: Buffer.from(Data, 'base64'),
      });
    }
    // kinesalite leaves nothing out of a page, so an empty one is the end of an open shard.
    iterator = (page.Records as WireRecord[]).length === 0 ? undefined : (page.NextShardIterator as string);
  }
  return records;
}

async function call(endpoint: string, action: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `Kinesis_20131202.${action}`,
      'X-Amz-Date': '20200101T000000Z',
      // kinesalite wants to see a signature, and does not check it.
      Authorization: 'AWS4-HMAC-SHA256 Credential=embedded, SignedHeaders=host, Signature=none',
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action} of the embedded Kinesis failed: ${response.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
