/**
 * Corners of OTP's behaviour that no recorded scenario reaches, as scenarios of our own: what they expect was read in
 * the sources of Erlang/OTP 25, Elixir 1.14 and GenStage 1.3.2.
 */
import { expect } from 'chai';
import { parseScenario } from '../conformance/check.ts';
import type { Json } from '../conformance/format.ts';
import { ONE_THREAD, type Placement, TwoThreads } from '../conformance/placement.ts';
import { runScenario } from '../conformance/run.ts';

let remote: TwoThreads;
const PLACEMENTS: readonly (readonly [where: string, placement: () => Placement])[] = [
  ['', () => ONE_THREAD],
  [', over two threads', () => remote],
];

type Row = readonly [step: Json, record: Json];

/**
 * A scenario, row by row: the step and what is to come of it. Logs are compared process by process. What holds on one
 * thread holds over two.
 */
function plays(behaviour: string, ...rows: readonly Row[]): void {
  for (const [where, placement] of PLACEMENTS)
    it(`${behaviour}${where}`, () => play(behaviour, rows, placement()));
}

async function play(behaviour: string, rows: readonly Row[], placement: Placement): Promise<void> {
  const scenario = parseScenario(
    {
      format: 1,
      group: 'own',
      name: 'behaviour',
      why: behaviour,
      level: 1,
      needs: [],
      order: 'process',
      steps: rows.map(([step]) => step),
      expected: rows.map(([, record]) => record),
    },
    behaviour,
  );
  expect(await runScenario(scenario, placement)).to.equal(undefined);
}

const worker = (name: string, fields: { readonly [field: string]: Json } = {}): Json => ({
  type: 'worker',
  name,
  ...fields,
});
const started = (name: string): Json => ({ result: `{ok,${name}#1}`, log: [['init', `${name}#1`]] });
const start = (spec: Json): Json => ({ op: 'start', spec });
const cast = (to: string, ...actions: readonly Json[]): Json => ({ op: 'cast', to, do: actions });
const born = (name: string, fields: { readonly [field: string]: Json } = {}): Row => [
  start(worker(name, fields)),
  started(name),
];

describe('OTP beyond the recorded scenarios', () => {
  before(async () => {
    remote = await TwoThreads.start('leaves');
  });
  after(() => remote.end());

  describe('a GenServer', () => {
    plays(
      'answers a call that stops it even when its last words fail',
      born('a', { terminate: [['raise', 'last']] }),
      [
        {
          op: 'call',
          to: 'a',
          do: [
            ['reply', 1],
            ['stop', 'normal'],
          ],
        },
        { result: { reply: 1 }, log: [['terminate', 'a#1', 'normal']], exits: [['a#1', '{error,last}']] },
      ],
    );

    plays(
      'hears no timeout when a message was there already',
      born('a', { on_info: { next: [['log', 'next']] } }),
      [
        cast('a', ['send', 'self', 'next'], ['timeout', 0]),
        {
          result: 'ok',
          log: [
            ['info', 'a#1', 'next'],
            ['log', 'a#1', 'next'],
          ],
        },
      ],
      [cast('a', ['timeout', 0]), { result: 'ok', log: [['timeout', 'a#1']] }],
    );

    plays('has at most one local name', born('a', { register: 'one' }), [
      cast('a', ['catch', ['register_name', 'two']]),
      { result: 'ok', log: [['caught', 'a#1', 'register_name', 'error', '{error,badarg}']] },
    ]);

    plays('is not started under a name of a registry that is not there', [
      start(worker('a', { via: ['nowhere', 'key'] })),
      { result: { error: '{error,badarg}' } },
    ]);
  });

  describe('a name', () => {
    const registry: Row = [start({ type: 'registry', name: 'r', keys: 'unique' }), started('r')];

    for (const [what, reference, fields] of [
      ['local', { name: 'n' }, { register: 'n' }],
      ['held in a Registry', { via: ['r', 'k'] }, { via: ['r', 'k'] }],
    ] as const) {
      plays(
        `that is ${what} is where messages, calls and signals go`,
        registry,
        born('a', { trap_exit: true, ...fields }),
        born('b'),
        [
          cast(
            'b',
            ['send', reference, 'hello'],
            ['cast', reference, [['incr']]],
            ['call', reference, [['get']]],
          ),
          {
            result: 'ok',
            log: [
              ['info', 'a#1', 'hello'],
              ['result', 'b#1', 'call', 1],
            ],
          },
        ],
        [
          cast('b', ['monitor', reference], ['signal', reference, 'boo']),
          { result: 'ok', log: [['EXIT', 'a#1', 'b#1', 'boo']] },
        ],
        [
          cast('b', ['link', reference], ['unlink', reference], ['signal', reference, 'kill']),
          {
            result: 'ok',
            log: [['DOWN', 'b#1', 'name' in reference ? 'n' : 'a#1', 'killed']],
            exits: [['a#1', 'killed']],
          },
        ],
        [
          cast('b', ['send', reference, 'late'], ['catch', ['call', reference, [['get']]]]),
          { result: 'ok', log: [['caught', 'b#1', 'call', 'exit', '{noproc,call}']] },
        ],
      );

      plays(`that is ${what} is no way to call oneself`, registry, born('a', fields), [
        cast('a', ['catch', ['call', reference, [['get']]]]),
        { result: 'ok', log: [['caught', 'a#1', 'call', 'exit', '{calling_self,call}']] },
      ]);

      plays(
        `that is ${what} is where a consumer may subscribe`,
        registry,
        [start({ type: 'producer', name: 'p', on_demand: 'counter', limit: 3, ...fields }), started('p')],
        [
          start({ type: 'consumer', name: 'c', subscribe_to: [{ to: reference, max_demand: 4 }] }),
          {
            result: '{ok,c#1}',
            log: [
              ['init', 'c#1'],
              ['events', 'c#1', [1, 2]],
              ['events', 'c#1', [3]],
              ['demand', 'p#1', 4],
              ['demand', 'p#1', 2],
            ],
          },
        ],
      );
    }
  });

  describe('a process that starts others', () => {
    plays(
      'may start a supervisor, and children under it, and takes them along',
      born('a'),
      [
        cast(
          'a',
          ['start', { type: 'supervisor', name: 's', children: [worker('w')] }],
          ['start_child', 's', worker('x')],
        ),
        {
          result: 'ok',
          log: [
            ['result', 'a#1', 'start', '{ok,s#1}'],
            ['result', 'a#1', 'start_child', '{ok,x#1}'],
            ['init', 's#1'],
            ['init', 'w#1'],
            ['init', 'x#1'],
          ],
        },
      ],
      [
        { op: 'exit', to: 'a', reason: 'boom' },
        {
          exits: [
            ['a#1', 'boom'],
            ['s#1', 'boom'],
            ['w#1', 'shutdown'],
            ['x#1', 'shutdown'],
          ],
        },
      ],
    );

    plays('is told what a supervisor that is not there says', born('a'), [
      cast('a', ['catch', ['start_child', { name: 'nobody', kind: 'supervisor' }, worker('x')]]),
      { result: 'ok', log: [['caught', 'a#1', 'start_child', 'exit', '{noproc,call}']] },
    ]);
  });

  describe('a Registry', () => {
    plays(
      'tells its listeners of every unregistration, whether or not there was an entry',
      [start({ type: 'registry', name: 'r', keys: 'unique', listeners: ['lis'] }), started('r')],
      born('l', { register: 'lis' }),
      born('a'),
      [
        cast('a', ['unregister', 'r', 'k']),
        {
          result: 'ok',
          log: [
            ['result', 'a#1', 'unregister', 'ok'],
            ['info', 'l#1', '{unregister,r,k,a#1}'],
          ],
        },
      ],
    );

    plays(
      'of duplicate keys has no values to update',
      [start({ type: 'registry', name: 'r', keys: 'duplicate' }), started('r')],
      born('a'),
      [
        cast('a', ['register', 'r', 'k', 1], ['catch', ['update', 'r', 'k', 2]]),
        {
          result: 'ok',
          log: [
            ['result', 'a#1', 'register', 'ok'],
            ['caught', 'a#1', 'update', 'error', '{error,badarg}'],
          ],
        },
      ],
      [{ op: 'lookup', registry: 'r', key: 'k' }, { result: [['a#1', 1]] }],
    );
  });

  describe('a Task', () => {
    plays(
      'that crashes fails await_many at once, though an earlier one still runs',
      born('a', { trap_exit: true }),
      [
        cast(
          'a',
          ['async', 't1', [['sleep', 5000]]],
          [
            'async',
            't2',
            [
              ['sleep', 400],
              ['exit', 'boom'],
            ],
          ],
          ['catch', ['await_many', ['t1', 't2'], 10000]],
        ),
        {
          result: 'ok',
          log: [
            ['init', 't1#1'],
            ['init', 't2#1'],
          ],
        },
      ],
      [
        { op: 'sleep', ms: 1000 },
        {
          log: [
            ['caught', 'a#1', 'await_many', 'exit', '{boom,await_many}'],
            ['EXIT', 'a#1', 't2#1', 'boom'],
          ],
          exits: [['t2#1', 'boom']],
        },
      ],
    );

    plays('whose value was taken has no outcome left for shutdown', born('a'), [
      cast('a', ['async', 't', [['return', 1]]], ['await', 't'], ['shutdown', 't', 500]),
      {
        result: 'ok',
        log: [
          ['result', 'a#1', 'await', 1],
          ['result', 'a#1', 'shutdown', '{exit,noproc}'],
          ['init', 't#1'],
        ],
        exits: [['t#1', 'normal']],
      },
    ]);

    plays('that runs is not waited for by a yield of no time', born('a'), [
      cast('a', ['async', 't', [['return', 1]]], ['yield', 't', 0], ['yield', 't', 500]),
      {
        result: 'ok',
        log: [
          ['result', 'a#1', 'yield', null],
          ['result', 'a#1', 'yield', '{ok,1}'],
          ['init', 't#1'],
        ],
        exits: [['t#1', 'normal']],
      },
    ]);

    plays(
      'of a stream that takes too long is killed, and the others die of the link when that ends their owner',
      born('a'),
      [
        cast('a', [
          'async_stream',
          't',
          [1, 2],
          {
            opts: { max_concurrency: 2, timeout: 500 },
            run: [['sleep', 300]],
            by_arg: { 1: { run: [['sleep', 5000]] } },
          },
        ]),
        {
          result: 'ok',
          log: [
            ['init', 't:1#1', 1],
            ['init', 't:2#1', 2],
          ],
        },
      ],
      [{ op: 'sleep', ms: 400 }, { exits: [['t:2#1', 'normal']] }],
      [
        { op: 'sleep', ms: 1000 },
        {
          log: [['terminate', 'a#1', '{timeout,stream}']],
          exits: [
            ['a#1', '{timeout,stream}'],
            ['t:1#1', 'killed'],
          ],
        },
      ],
    );
  });

  describe('a Supervisor', () => {
    const refused = {
      init_at: {
        2: [
          ['sleep', 500],
          ['stop', 'no'],
        ],
      },
      trap_exit: true,
    } as const;
    plays(
      'has a child that waits for its restart, though it does not run',
      [
        start({ type: 'supervisor', name: 's', children: [worker('a', refused)] }),
        {
          result: '{ok,s#1}',
          log: [
            ['init', 'a#1'],
            ['init', 's#1'],
          ],
        },
      ],
      [
        { op: 'exit', to: 'a', reason: 'kill' },
        { log: [['init', 'a#2']], exits: [['a#1', 'killed']] },
      ],
      [{ op: 'start_child', sup: 's', spec: worker('a'), async: 'again' }, {}],
      [
        { op: 'sleep', ms: 1000 },
        {
          log: [
            ['init', 'a#3'],
            ['async', 'again', '{error,already_present}'],
          ],
          exits: [['a#2', 'no']],
        },
      ],
    );

    plays(
      'refuses one bad child by its problem alone',
      [start({ type: 'supervisor', name: 's', children: [] }), started('s')],
      [
        { op: 'start_child', sup: 's', spec: worker('a', { significant: true, restart: 'transient' }) },
        { result: '{error,{bad_combination,[{auto_shutdown,never},{significant,true}]}}' },
      ],
    );
  });

  describe('a stage', () => {
    const consumer = (name: string, fields: { readonly [field: string]: Json } = {}): Json => ({
      type: 'consumer',
      name,
      manual: true,
      subscribe_to: [{ to: 'p', cancel: 'temporary' }],
      ...fields,
    });

    plays(
      'that left its demand behind has it met by what goes into the buffer',
      [start({ type: 'producer', name: 'p' }), started('p')],
      [start(consumer('c1')), started('c1')],
      [cast('c1', ['ask', 'p', 5]), { result: 'ok', log: [['demand', 'p#1', 5]] }],
      [{ op: 'exit', to: 'c1', reason: 'kill' }, { exits: [['c1#1', 'killed']] }],
      [cast('p', ['emit', [1, 2, 3]]), { result: 'ok' }],
      [start(consumer('c2')), started('c2')],
      [cast('c2', ['ask', 'p', 5]), { result: 'ok', log: [['events', 'c2#1', [1, 2, 3]]] }],
    );

    plays(
      'is subscribed to a broadcast once: the second subscription is cancelled and ends nobody',
      [start({ type: 'producer', name: 'p', dispatcher: 'broadcast', trace: ['cancel'] }), started('p')],
      [
        start(consumer('c', { subscribe_to: [{ to: 'p' }, { to: 'p' }] })),
        {
          ...(started('c') as object),
          log: [
            ['init', 'c#1'],
            ['cancel', 'p#1', 'c#1', 'cancel', 'already_subscribed'],
          ],
        },
      ],
      [{ op: 'alive' }, { result: ['c#1', 'p#1'] }],
    );

    plays(
      'of the wrong kind refuses, or has nothing',
      [start({ type: 'producer', name: 'p' }), started('p')],
      [start(consumer('c')), started('c')],
      [{ op: 'subscribe', consumer: 'p', to: 'c' }, { result: '{error,not_a_consumer}' }],
      [{ op: 'demand', to: 'c', mode: 'accumulate' }, { result: 'ok' }],
      [{ op: 'buffered', to: 'c' }, { result: 0 }],
      [cast('c', ['emit', [1]]), { result: 'ok' }],
      [{ op: 'alive' }, { result: ['c#1', 'p#1'] }],
    );
  });
});
