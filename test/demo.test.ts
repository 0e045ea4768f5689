/** The demo as a user runs it: a process of its own, judged by its last line and its exit code. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseDemoArguments } from '../scripts/demo/arguments.ts';
import { auditStream, compareIds, formatAudit } from '../scripts/demo/audit.ts';

const DEMO = fileURLToPath(new URL('../scripts/demo.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly lastLine: string | undefined;
}

function runDemo(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [DEMO, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) });
    });
  });
}

describe('The demo', () => {
  it('finds every event that it recorded in both streams, once, and says nothing on stderr', async () => {
    const { code, stdout, stderr, lastLine } = await runDemo('--events', '2000', '--rate', '4000');
    expect(stderr).to.equal('');
    expect(lastLine).to.equal('2000 recorded, 2000 found in signup, 2000 found in master, 0 missing');
    expect(code).to.equal(0);
    expect(stdout).to.include('signup: 2000 of 2000 events found (2000 once; 0 duplicates)');
    expect(stdout).to.include(
      'MyEvent: accepted 2000 = delivered 2000 + dead-lettered 0 + pending 0; refused 0',
    );
  });

  it('loses nothing when the thread ends between the two streams, and shows one restart', async () => {
    const { code, stdout, stderr, lastLine } = await runDemo('--events', '2000', '--rate', '4000', '--crash');
    expect(lastLine).to.equal('2000 recorded, 2000 found in signup, 2000 found in master, 0 missing');
    expect(code).to.equal(0);
    expect(stdout).to.include('started 2 times');
    expect(stdout).to.match(/Producer \(GS\) MyEvent {2}\[.*restarts 1 \(noconnection\)/);
    expect(stdout).to.match(/signup: 2000 of 2000 events found .* twice/);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include(
      'WARN the thread of a record type ended, and is started again recordType=MyEvent',
    );
  });

  it('answers a bad option with what is valid, and exit code 2', async () => {
    const { code, stdout, stderr } = await runDemo('--event', '2000');
    expect(code).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr).to.include("Unknown option '--event'").and.include('--events N');
  });

  it('shows its options with --help', async () => {
    const { code, stdout } = await runDemo('--help');
    expect(code).to.equal(0);
    for (const option of ['--events N', '--rate N', '--crash']) expect(stdout).to.include(option);
  });
});

describe("The demo's options", () => {
  it('are 20,000 events at 2,000 a second when nothing is said', () => {
    expect(parseDemoArguments([])).to.deep.equal({ type: 'run', events: 20_000, rate: 2000, crash: false });
  });

  const refused: readonly (readonly [args: readonly string[], problem: string])[] = [
    [['--events', '0'], '--events takes a whole number from 1 to 1000000; what came is "0"'],
    [['--events', '1e3'], '--events takes a whole number from 1 to 1000000; what came is "1e3"'],
    [['--rate', 'fast'], '--rate takes a whole number from 1 to 1000000; what came is "fast"'],
    [['--events', '1', '--crash'], '--crash needs at least 2 events: it is for a thread in mid-flow'],
  ];
  for (const [args, problem] of refused) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(parseDemoArguments(args)).to.deep.equal({ type: 'invalid', problems: [problem] });
    });
  }
});

describe("The demo's audit", () => {
  const found = (...numbers: number[]) => numbers.map((number) => ({ number, eventId: `id-${number}` }));

  it('sees what is missing and what is there twice', () => {
    const audit = auditStream('signup', 4, found(1, 2, 2, 3));
    expect(audit.unexpected).to.deep.equal([]);
    expect(formatAudit(audit)).to.equal('signup: 3 of 4 events found (2 once, 1 twice; 1 duplicates)');
  });

  it('sees what was never recorded, and an event under two ids', () => {
    const audit = auditStream('signup', 2, [...found(1, 2, 3), { number: 1, eventId: 'other' }]);
    expect(audit.unexpected).to.deep.equal([
      'signup: a record of event 3, which was not recorded',
      'signup: event 1 under two ids, id-1 and other',
    ]);
  });

  it('sees an event whose id is not the same in both streams, and an id that two events share', () => {
    const one = auditStream('signup', 2, found(1, 2));
    expect(compareIds(one, auditStream('master', 2, found(1, 2)))).to.deep.equal([]);
    const other = auditStream('master', 2, [{ number: 1, eventId: 'id-9' }]);
    expect(compareIds(one, other)).to.deep.equal(['event 1 is id-1 in signup and id-9 in master']);
    const shared = auditStream(
      'signup',
      2,
      [1, 2].map((number) => ({ number, eventId: 'id' })),
    );
    expect(compareIds(shared, shared)).to.deep.equal(['signup: two events share an id']);
  });
});
