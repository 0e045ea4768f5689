/** The runtime against what the real Erlang/OTP did, and the judge itself: does it refuse, does it notice? */
import { expect } from 'chai';
import { parseScenario } from './conformance/check.ts';
import { scenarioFiles } from './conformance/corpus.ts';
import type { Json } from './conformance/format.ts';
import { ONE_THREAD, type Placement, TwoThreads } from './conformance/placement.ts';
import { runScenario } from './conformance/run.ts';
import { explain, judge } from './conformance/verdict.ts';

const SCENARIOS = 'test/conformance/scenarios';

const PLACEMENTS: readonly (readonly [where: string, start: () => Placement | Promise<Placement>])[] = [
  ['on one thread', () => ONE_THREAD],
  ['with the children of supervisors in a second thread', () => TwoThreads.start('children')],
  ['with all but supervisors in a second thread', () => TwoThreads.start('leaves')],
];

for (const [where, start] of PLACEMENTS) {
  describe(`conformance with Erlang/OTP, Elixir and GenStage, ${where}`, () => {
    const all = scenarioFiles(SCENARIOS);
    const groups = new Set(all.map(({ path }) => path.split('/')[0] as string));
    let placement: Placement;
    before(async () => {
      placement = await start();
    });
    after(() => placement.end());

    for (const group of groups) {
      const files = all.filter(({ path }) => path.startsWith(`${group}/`));
      it(`${group}: all ${files.length} scenarios give the recorded trace`, async () => {
        const failures: string[] = [];
        for (const file of files) {
          const verdict = await judge(file, placement);
          if (verdict.type !== 'passed') failures.push(explain(verdict));
        }
        expect(failures.join('\n\n')).to.equal('');
      });
    }
  });
}

describe('the interpreter of scenarios', () => {
  const start = { op: 'start', spec: { type: 'worker', name: 'a' } };
  const started = { result: '{ok,a#1}', log: [['init', 'a#1']] };
  const scenario = (steps: Json, expected: Json): Json => ({
    format: 1,
    group: 'self',
    name: 'test',
    why: 'the judge is judged',
    level: 1,
    needs: [],
    steps,
    expected,
  });
  const call = (...actions: readonly Json[]): Json => ({ op: 'call', to: 'a', do: actions });

  it('passes a scenario whose trace is the recorded one', async () => {
    const parsed = parseScenario(
      scenario([start, call(['get'])], [started, { result: { reply: 0 } }]),
      'self',
    );
    expect(await runScenario(parsed)).to.equal(undefined);
  });

  for (const [what, record] of [
    ['result', { result: { reply: 1 } }],
    ['log', { result: { reply: 0 }, log: [['log', 'a#1', 'never']] }],
    ['exit', { result: { reply: 0 }, exits: [['a#1', 'normal']] }],
    ['missing result', {}],
  ] as const) {
    it(`names the step at which an altered ${what} differs`, async () => {
      const parsed = parseScenario(scenario([start, call(['get'])], [started, record]), 'self');
      const difference = await runScenario(parsed);
      expect(difference).to.deep.equal({ step: 1, expected: record, actual: { result: { reply: 0 } } });
    });
  }

  it('fires a timer only while an operation waits', async () => {
    const later = { op: 'cast', to: 'a', do: [['send_after', 400, 'tick']] };
    const steps = [start, later, { op: 'alive' }, { op: 'sleep', ms: 1000 }];
    const expected = [started, { result: 'ok' }, { result: ['a#1'] }, { log: [['info', 'a#1', 'tick']] }];
    expect(await runScenario(parseScenario(scenario(steps, expected), 'self'))).to.equal(undefined);
  });

  it('reports an operation that nothing can end', async () => {
    const child = { type: 'worker', name: 'b', init: [['start_child', 's', start.spec]] };
    const steps = [{ op: 'start', spec: { type: 'supervisor', name: 's', children: [child] } }];
    const stuck = runScenario(parseScenario(scenario(steps, [{}]), 'self'));
    expect(await stuck.catch((error: Error) => error.message)).to.match(/^deadlock: start waits/);
  });

  it('leaves the second thread empty for the next scenario, whatever the last one came to', async () => {
    const named = { type: 'worker', name: 'a', register: 'n', trap_exit: true };
    const waits = { ...named, init: [['call', 'b', [['noreply']], 60_000]] };
    const cut = scenario(
      [
        { op: 'start', spec: { type: 'worker', name: 'b', init: [['send_after', 1000, 'late']] } },
        { op: 'start', spec: waits },
      ],
      [{ result: '{ok,b#1}', log: [['init', 'b#1']] }, {}],
    );
    const whole = scenario([{ op: 'start', spec: named }, { op: 'alive' }], [started, { result: ['a#1'] }]);
    const placement = await TwoThreads.start('leaves');
    try {
      for (let round = 0; round < 3; round++) {
        expect((await runScenario(parseScenario(cut, 'self'), placement))?.step).to.equal(1);
        expect(await runScenario(parseScenario(whole, 'self'), placement)).to.equal(undefined);
      }
    } finally {
      await placement.end();
    }
  });

  for (const [what, steps, problem] of [
    ['an unknown operation', [{ op: 'leap' }], /steps\[0\]: unknown operation "leap"/],
    ['an unknown action', [call(['leap'])], /steps\[0\]\.do\[0\]: unknown action "leap"/],
    ['an unknown action that is nested', [call(['catch', ['leap']])], /unknown action "leap"/],
    ['an action with too many arguments', [call(['get', 1])], /wrong number of arguments/],
    ['an unknown field of a step', [{ op: 'alive', of: 'a' }], /unknown field of/],
    [
      'an unknown field of a spec',
      [{ op: 'start', spec: { type: 'worker', name: 'a', leap: 1 } }],
      /unknown field leap/,
    ],
    ['an unknown type of spec', [{ op: 'start', spec: { type: 'leap', name: 'a' } }], /unknown spec type/],
    ['a field of the wrong kind', [{ op: 'sleep', ms: 'long' }], /ms: expected a number, got "long"/],
    ['a field that is missing', [{ op: 'sleep' }], /the field ms is missing/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parseScenario(scenario(steps as unknown as Json, [{}]), 'self')).to.throw(problem);
    });
  }
});
