/**
 * Reading a shard: iterators and pages. An iterator is a position in a shard and the moment it was made, as text
 * that means nothing to its holder.
 */
import { ACCOUNT, breaksRule, invalid, ServiceError } from './service-error.ts';
import type { Shard } from './shard.ts';
import type { Stream } from './stream.ts';
import type { Calls } from './wire-types.ts';

const ITERATOR_LIFE_MS = 300_000;
const PAGE_RECORDS_MAX = 10_000;

interface Position {
  readonly stream: string;
  readonly shardId: string;
  readonly index: number;
  readonly madeAt: number;
}

const TYPES = ['AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_TIMESTAMP', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'];

export function shardIterator(stream: Stream, input: Calls['GetShardIterator'], wallTime: number): string {
  const shard = stream.shards.find(({ shardId }) => shardId === input.ShardId);
  if (shard === undefined) {
    throw new ServiceError(
      'ResourceNotFoundException',
      `Shard ${input.ShardId} in stream ${stream.name} under account ${ACCOUNT} does not exist`,
    );
  }
  return encode({
    stream: stream.name,
    shardId: shard.shardId,
    index: startOf(shard, input),
    madeAt: wallTime,
  });
}

function startOf(shard: Shard, input: Calls['GetShardIterator']): number {
  const { ShardIteratorType: type = '', StartingSequenceNumber: from, Timestamp } = input;
  const { records } = shard;
  if (!TYPES.includes(type)) {
    throw breaksRule(`'${type}'`, 'shardIteratorType', `satisfy enum value set: [${TYPES.join(', ')}]`);
  }
  const bySequence = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER';
  if (type !== 'AT_TIMESTAMP' && bySequence !== (from !== undefined)) {
    throw invalid(
      'Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or ' +
        '(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. ' +
        `Request specified ${type} and ${from === undefined ? 'no' : 'also a'} StartingSequenceNumber.`,
    );
  }
  const orEnd = (index: number) => (index === -1 ? records.length : index);
  switch (type) {
    case 'TRIM_HORIZON':
      return 0;
    case 'LATEST':
      return records.length;
    case 'AT_TIMESTAMP':
      if (Timestamp === undefined) {
        throw invalid(
          'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. ' +
            'Current request has no timestamp parameter.',
        );
      }
      return orEnd(records.findIndex(({ arrivedAt }) => arrivedAt >= Timestamp * 1_000));
    case 'AT_SEQUENCE_NUMBER':
      return orEnd(records.findIndex(({ sequenceNumber }) => sequenceNumber >= (from ?? '')));
    default:
      return orEnd(records.findIndex(({ sequenceNumber }) => sequenceNumber > (from ?? '')));
  }
}

/** The next records, and where to go on: nowhere when the shard is closed and read to its end. */
export function readPage(
  streamNamed: (name: string) => Stream,
  { ShardIterator, Limit = PAGE_RECORDS_MAX }: Calls['GetRecords'],
  wallTime: number,
) {
  const position = decode(ShardIterator ?? '');
  if (wallTime - position.madeAt > ITERATOR_LIFE_MS) {
    throw new ServiceError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created ${wallTime - position.madeAt} milliseconds ago, which is more ` +
        `than the tolerated ${ITERATOR_LIFE_MS} milliseconds.`,
    );
  }
  if (!(Limit >= 1 && Limit <= PAGE_RECORDS_MAX)) {
    const rule = Limit < 1 ? 'greater than or equal to 1' : `less than or equal to ${PAGE_RECORDS_MAX}`;
    throw breaksRule(`'${Limit}'`, 'limit', `have value ${rule}`);
  }
  const stream = streamNamed(position.stream);
  const shard = stream.shard(position.shardId);
  const records = shard.records.slice(position.index, position.index + Limit);
  const index = position.index + records.length;
  const next = shard.records[index];
  const answer = {
    MillisBehindLatest: next === undefined ? 0 : Math.max(0, wallTime - next.arrivedAt),
    Records: records.map(({ sequenceNumber, partitionKey, data, arrivedAt }) => ({
      SequenceNumber: sequenceNumber,
      PartitionKey: partitionKey,
      Data: data,
      ApproximateArrivalTimestamp: arrivedAt / 1_000,
    })),
  };
  if (next === undefined && !shard.isOpen) {
    const children = stream.shards.filter(({ parents }) => parents.includes(shard.shardId));
    return {
      ...answer,
      ChildShards: children.map((child) => ({
        ShardId: child.shardId,
        ParentShards: child.parents,
        HashKeyRange: hashKeyRange(child),
      })),
    };
  }
  return { ...answer, NextShardIterator: encode({ ...position, index, madeAt: wallTime }) };
}

export function hashKeyRange({ range }: Shard) {
  return { StartingHashKey: String(range.start), EndingHashKey: String(range.end) };
}

function encode(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64');
}

function decode(text: string): Position {
  try {
    const position = JSON.parse(Buffer.from(text, 'base64').toString()) as Position;
    if (typeof position.shardId === 'string') return position;
  } catch {
    // Not one of ours: said so below.
  }
  throw invalid('Invalid ShardIterator.');
}

/** One page of the list of shards. */
export function shardPage(
  streamNamed: (name: string) => Stream,
  named: Stream | null,
  input: Calls['ListShards'],
) {
  const { NextToken, MaxResults = 1_000 } = input;
  const from = NextToken === undefined ? null : decode(NextToken);
  const stream = from === null ? named : streamNamed(from.stream);
  if (stream === null) throw invalid('Either NextToken or StreamName should be provided.');
  if (from !== null && named !== null) throw invalid('NextToken and StreamName cannot be provided together.');
  const after = from?.shardId ?? input.ExclusiveStartShardId ?? '';
  const openOnly = input.ShardFilter?.Type === 'AT_LATEST' || from?.index === 1;
  const shards = stream.shards.filter(({ shardId, isOpen }) => shardId > after && (isOpen || !openOnly));
  const page = shards.slice(0, MaxResults);
  const last = page.at(-1);
  const more = last !== undefined && page.length < shards.length;
  return {
    Shards: page.map(shardDescription),
    ...(more
      ? {
          NextToken: encode({
            stream: stream.name,
            shardId: last.shardId,
            index: openOnly ? 1 : 0,
            madeAt: 0,
          }),
        }
      : {}),
  };
}

function shardDescription(shard: Shard) {
  const [parent, adjacent] = shard.parents;
  return {
    ShardId: shard.shardId,
    HashKeyRange: hashKeyRange(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: shard.startingSequenceNumber,
      ...(shard.endingSequenceNumber === null ? {} : { EndingSequenceNumber: shard.endingSequenceNumber }),
    },
    ...(parent === undefined ? {} : { ParentShardId: parent }),
    ...(adjacent === undefined ? {} : { AdjacentParentShardId: adjacent }),
  };
}
