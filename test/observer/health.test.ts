/** The health line: the first thing one reads names the cause and the type. */
import { expect } from 'chai';
import {
  type HealthCause,
  type HealthInput,
  type HealthLevel,
  healthOf,
} from '../../src/pipeline/view/health.ts';
import { anEntry, aRecord, aStream, NOW } from './support/pictures.ts';

interface Row {
  readonly when: string;
  readonly now: Partial<HealthInput>;
  readonly before?: Partial<HealthInput>;
  readonly says: string;
  readonly level: HealthLevel;
  readonly cause: HealthCause;
}

const backlog = { pending: 12_400, accepted: 20_000, oldestPendingMs: 41_000 };

const rows: readonly Row[] = [
  {
    when: 'nothing was recorded',
    now: { records: [aRecord()] },
    says: 'MyEvent: nothing recorded yet',
    level: 'ok',
    cause: 'ok',
  },
  {
    when: 'all is delivered',
    now: { records: [aRecord({ accepted: 1200, delivered: 1200 })] },
    says: 'MyEvent: idle, all 1,200 events delivered',
    level: 'ok',
    cause: 'ok',
  },
  {
    when: 'permissions are missing',
    now: {
      records: [
        aRecord({
          ...backlog,
          adapter: aStream({
            state: {
              type: 'paused',
              code: 'AccessDeniedException',
              message: 'not authorized to perform kinesis:PutRecords',
              since: NOW - 60_000,
              probes: 4,
              nextProbeAt: NOW + 8000,
            },
          }),
        }),
      ],
    },
    says:
      'MyEvent: in backoff after 5 failures of PutRecords to signup, AccessDeniedException: not authorized to ' +
      'perform kinesis:PutRecords; next try in 8 s; 12,400 events waiting, oldest 41 s',
    level: 'bad',
    cause: 'paused',
  },
  {
    when: 'Kinesis is down',
    now: {
      records: [
        aRecord({
          ...backlog,
          adapter: aStream({
            state: {
              type: 'failing',
              code: 'ECONNREFUSED',
              message: 'connect',
              since: NOW - 20_000,
              failures: 7,
            },
          }),
        }),
      ],
    },
    says:
      'MyEvent: in backoff after 7 failures of PutRecords to signup, ECONNREFUSED: connect; failing for ' +
      '20 s; 12,400 events waiting, oldest 41 s',
    level: 'bad',
    cause: 'failing',
  },
  {
    when: 'one shard is hot',
    now: {
      records: [
        aRecord({
          adapter: aStream({
            throttles: 930,
            throttledShards: { 'shardId-000000000000': 30, 'shardId-000000000003': 900 },
            lastError: {
              code: 'ProvisionedThroughputExceededException',
              message: 'Rate exceeded',
              at: NOW - 100,
            },
          }),
        }),
      ],
    },
    says:
      'MyEvent: hot shard shardId-000000000003 of signup is throttled, ProvisionedThroughputExceededException: ' +
      '900 records refused and sent again',
    level: 'warn',
    cause: 'throttled',
  },
  {
    when: 'batches are parked for a hot shard, and there is no room for more',
    now: {
      records: [
        aRecord({
          parked: {
            batches: 4,
            events: 2000,
            waitsFor: [{ stream: 'signup', shardId: 'shardId-000000000003' }],
          },
        }),
      ],
    },
    says:
      'MyEvent: the type waits for shard shardId-000000000003 of signup: parkedBytes is full, with 2,000 events of ' +
      '4 batches',
    level: 'bad',
    cause: 'throttled',
  },
  {
    when: 'a handler blocks its thread',
    now: {
      records: [
        aRecord({
          ...backlog,
          thread: { isolation: 'thread', state: 'ready', node: 3, starts: 1, hung: true },
        }),
      ],
    },
    says:
      'MyEvent: thread 3 is hung: its handler does not yield; it is ended after 30 s and started again; ' +
      '12,400 events waiting, oldest 41 s',
    level: 'bad',
    cause: 'hung',
  },
  {
    when: 'a thread is late with one answer',
    now: {
      records: [aRecord({ thread: { isolation: 'thread', state: 'ready', node: 3, starts: 1, hung: true } })],
    },
    before: { records: [aRecord()] },
    says: 'MyEvent: nothing recorded yet',
    level: 'ok',
    cause: 'ok',
  },
  {
    when: 'its thread ends again and again',
    now: {
      records: [aRecord(backlog)],
      restarts: [
        anEntry({ id: 'Thread/MyEvent', name: 'Thread', attempt: 6, delayMs: 9000, at: NOW - 1000 }),
      ],
    },
    says:
      'MyEvent: crash loop: its thread ended 6 times, TypeError: no such step; next try in 8 s; 12,400 events ' +
      'waiting, oldest 41 s',
    level: 'bad',
    cause: 'crash-loop',
  },
  {
    when: 'its handler throws',
    now: { records: [aRecord({ lastError: { message: 'TypeError: no such step', at: NOW - 4000 } })] },
    says: 'MyEvent: handleEvent failed 4 s ago, TypeError: no such step; its batch is run again',
    level: 'warn',
    cause: 'handler',
  },
  {
    when: 'its handler threw long ago',
    now: { records: [aRecord({ lastError: { message: 'TypeError: no such step', at: NOW - 400_000 } })] },
    says: 'MyEvent: nothing recorded yet',
    level: 'ok',
    cause: 'ok',
  },
  {
    when: 'the queue refuses',
    now: { records: [aRecord({ ...backlog, refused: 1300, queueFill: 1 })] },
    before: { records: [aRecord({ refused: 100 })] },
    says: 'MyEvent: queue full, 1,200 events refused just now; 12,400 events waiting, oldest 41 s',
    level: 'bad',
    cause: 'refusing',
  },
  {
    when: 'a Producer was killed once',
    now: { records: [aRecord()], restarts: [anEntry({ attempt: 1, at: NOW - 3000 })] },
    says: 'MyEvent: its Producer ended 3 s ago, TypeError: no such step, and was started again',
    level: 'warn',
    cause: 'crashed',
  },
  {
    when: 'the disk of the dead letters is full, and not the handler is what fails',
    now: {
      records: [
        aRecord({
          pending: 190,
          lastError: { message: 'TypeError: no such step', at: NOW - 1000 },
          letters: { waiting: 190, failure: { message: 'Error: ENOSPC: no space left', at: NOW - 1000 } },
        }),
      ],
    },
    says:
      'MyEvent: 190 dead letters not taken by what takes them, Error: ENOSPC: no space left; offered again with ' +
      'backoff; 190 events waiting',
    level: 'bad',
    cause: 'dead-letter-sink',
  },
  {
    when: 'events were dead-lettered',
    now: { records: [aRecord({ deadLettered: 3 })] },
    before: { records: [aRecord({ deadLettered: 1 })] },
    says: 'MyEvent: 2 events dead-lettered just now',
    level: 'warn',
    cause: 'dead-letters',
  },
  {
    when: 'a shared supervisor was killed',
    now: {
      restarts: [
        anEntry({
          id: 'Registry',
          name: 'Registry',
          recordType: null,
          at: NOW - 2000,
          attempt: 1,
          restartedWith: ['ProducerSupervisor', 'RecordsSupervisor'],
          budget: { used: 1, max: 5, seconds: 10 },
        }),
      ],
    },
    says:
      'Registry ended 2 s ago, TypeError: no such step, and is not back yet, with ProducerSupervisor, ' +
      'RecordsSupervisor; restart 1 of 5 in 10 s',
    level: 'bad',
    cause: 'crashed',
  },
];

describe('Health', () => {
  const picture = (part: Partial<HealthInput> | undefined): HealthInput => ({
    takenAt: NOW,
    nodes: [],
    restarts: [],
    records: [],
    ...part,
  });

  for (const { when, now, before, says, level, cause } of rows) {
    it(`says what is the matter when ${when}`, () => {
      const [line] = healthOf(picture(now), before === undefined ? undefined : picture(before));
      expect({ level: line?.level, cause: line?.cause, text: line?.text }).to.deep.equal({
        level,
        cause,
        text: says,
      });
    });
  }

  it('puts the worst first, and keeps the order of the types otherwise', () => {
    const lines = healthOf(
      picture({
        records: [
          aRecord({ name: 'A' }),
          aRecord({ name: 'B', lastError: { message: 'Error: no', at: NOW } }),
          aRecord({
            name: 'C',
            thread: { isolation: 'thread', state: 'stuck', node: 1, starts: 1, hung: false },
          }),
          aRecord({ name: 'D' }),
        ],
      }),
    );
    expect(lines.map(({ recordType }) => recordType)).to.deep.equal(['C', 'B', 'A', 'D']);
  });
});
