/** What goes wrong in the demo, in turn: a crash of each kind, and each way in which Kinesis fails. */
import type { FaultRule } from '../../testing/kinesis/faults.ts';
import type { Shop } from './traffic.ts';

/** What a mishap can do. */
export interface Stage {
  readonly shop: Shop;
  /** Kills a process by the name it has in the tree. */
  kill(id: string): Promise<void>;
  /** What Kinesis does wrong until the mishap is over. */
  fault(rule: FaultRule): void;
}

export interface Mishap {
  /** What is printed when it begins. */
  readonly text: string;
  begin(stage: Stage): void | Promise<void>;
}

const USER = 4711;

export const MISHAPS: readonly Mishap[] = [
  {
    text: 'the Producer of PageView is killed',
    begin: ({ kill }) => kill('Producer/PageView'),
  },
  {
    text: 'one of the four shards of pageview is hot',
    begin: ({ fault }) =>
      fault({ stream: 'pageview', fault: { type: 'throttle-shard', shardId: 'shardId-000000000002' } }),
  },
  {
    text: 'an event of Checkout ends its thread, until it stands alone and goes to the dead letters',
    begin: ({ shop }) => void shop.Checkout.record({ user: USER, what: 'paid', fate: 'crash' }),
  },
  {
    text: "SignUp's handler throws on one event",
    begin: ({ shop }) => void shop.SignUp.record({ user: USER, what: 'confirmed', fate: 'fail' }),
  },
  {
    text: 'Registry is killed, and all that is registered in it ends with it',
    begin: ({ kill }) => kill('Registry'),
  },
  {
    text: "Checkout's handler does not yield for 4 s",
    begin: ({ shop }) => void shop.Checkout.record({ user: USER, what: 'paid', fate: 'hang' }),
  },
  {
    text: 'the credentials may not write to checkout',
    begin: ({ fault }) =>
      fault({
        stream: 'checkout',
        fault: {
          type: 'error',
          code: 'AccessDeniedException',
          message: 'User: shop is not authorized to perform: kinesis:PutRecords',
          status: 400,
          commit: 'before',
        },
      }),
  },
  {
    text: 'DispatchServer is killed',
    begin: ({ kill }) => kill('DispatchServer'),
  },
  {
    text: 'Kinesis is down',
    begin: ({ fault }) => fault({ fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' } }),
  },
  {
    text: 'Kinesis takes records and does not say so',
    begin: ({ fault }) => fault({ fault: { type: 'reset', commit: 'after' }, rate: 0.5 }),
  },
];
