import { expect } from 'chai';
import sinon from 'sinon';
import { systemClock } from '../../../src/base/clock.ts';
import { BeamlineError } from '../../../src/pipeline/errors.ts';
import { type Logger, stderrLogger } from '../../../src/pipeline/telemetry/logger.ts';
import { throttleWarnings } from '../../../src/pipeline/telemetry/warning-throttle.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';

const START = Date.UTC(2025, 0, 31, 9, 30);

/** The lines that a logger has written, without the time and name in front, which it checks. */
function capture(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string) => {
    expect(line).to.match(/^2025-01-31T09:30:\d\d\.\d{3}Z beamline [^\n]*\n$/);
    lines.push(line.slice('2025-01-31T09:30:00.000Z beamline '.length, -1));
  };
  return { logger: stderrLogger({ clock: systemClock, write }), lines };
}

describe('The stderr logger', () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers({ now: START });
  });
  afterEach(() => time.restore());

  it('writes warnings and errors, and nothing else', () => {
    const { logger, lines } = capture();
    logger.debug({}, 'a detail');
    logger.info({}, 'news');
    logger.warn({ recordType: 'SignUp' }, 'events refused');
    logger.error({}, 'thread given up');
    expect(lines).to.deep.equal(['WARN events refused recordType=SignUp', 'ERROR thread given up']);
  });

  it('writes to stderr by itself', () => {
    const write = sinon.stub(process.stderr, 'write');
    try {
      stderrLogger().warn({}, 'events refused');
    } finally {
      write.restore();
    }
    sinon.assert.calledOnceWithExactly(write, '2025-01-31T09:30:00.000Z beamline WARN events refused\n');
  });

  it('shows scalars, cut when they are long, and leaves out what is undefined', () => {
    const { logger, lines } = capture();
    logger.warn(
      { n: 3, ok: true, none: null, big: 5n, gone: undefined, url: 'file:///a.js', text: 'two "words"' },
      'x',
    );
    expect(lines.pop()).to.equal(
      'WARN x n=3 ok=true none=null big=5 url=file:///a.js text="two \\"words\\""',
    );
    logger.warn({ text: 'a b'.repeat(1000) }, 'x');
    expect(lines.pop()!.length).to.be.below(350);
  });

  it('keeps to one line, whatever it is given', () => {
    const { logger, lines } = capture();
    logger.error({ text: 'a\nb', err: new TypeError('first\n  second') }, 'one\r\n two');
    expect(lines[0]).to.match(/^ERROR one two text="a\\nb" err="TypeError: first second \(at .+\)"$/);
  });

  it('shows an error by name, code, message and place', () => {
    const { logger, lines } = capture();
    logger.error({ err: new BeamlineError('ERR_ALREADY_RUNNING', {}) }, 'x');
    expect(lines[0]).to.match(
      /err="BeamlineError \[ERR_ALREADY_RUNNING\]: Application.* \(at .*logger\.test/,
    );
  });

  it('never looks inside an object', () => {
    const { logger, lines } = capture();
    logger.error(
      { event: { card: 'hush' }, events: ['hush'], bytes: Buffer.from('hush'), map: new Map() },
      'x',
    );
    expect(lines).to.deep.equal([
      'ERROR x event=[an object] events=[an array of 1] bytes=[4 bytes] map=[a Map]',
    ]);
  });

  it('adds the bindings of a child to each of its lines', () => {
    const { logger, lines } = capture();
    const child = logger.child({ recordType: 'SignUp', thread: 1 }).child({ thread: 2 });
    child.warn({ n: 1 }, 'x');
    logger.warn({}, 'y');
    expect(lines).to.deep.equal(['WARN x recordType=SignUp thread=2 n=1', 'WARN y']);
  });
});

describe('Warnings of one kind', () => {
  function scene() {
    const { logger, lines } = capture();
    const clock = new ManualClock();
    return { clock, lines, logger: throttleWarnings(logger, clock, 1000) };
  }
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers({ now: START });
  });
  afterEach(() => time.restore());

  it('are said at once, then at most once in an interval, with how many were kept back', () => {
    const { logger, lines, clock } = scene();
    for (let n = 1; n <= 4; n++) logger.warn({ n }, 'full');
    expect(lines).to.deep.equal(['WARN full n=1']);
    clock.advance(1000);
    expect(lines).to.deep.equal(['WARN full n=1', 'WARN full n=4 suppressed=2']);
    logger.warn({ n: 5 }, 'full');
    clock.advance(1000);
    expect(lines.at(-1)).to.equal('WARN full n=5');
    clock.advance(1000);
    logger.warn({ n: 6 }, 'full');
    expect(lines.slice(2)).to.deep.equal(['WARN full n=5', 'WARN full n=6']);
  });

  it('are told apart by their text and by the bindings of the child that says them', () => {
    const { logger, lines } = scene();
    const [a, b] = ['A', 'B'].map((recordType) => logger.child({ recordType }));
    a?.warn({}, 'full');
    b?.warn({}, 'full');
    a?.warn({}, 'ended');
    a?.warn({}, 'full');
    expect(lines).to.deep.equal([
      'WARN full recordType=A',
      'WARN full recordType=B',
      'WARN ended recordType=A',
    ]);
  });

  it('are the only thing that is kept back', () => {
    const { logger, lines } = scene();
    logger.error({}, 'lost');
    logger.error({}, 'lost');
    expect(lines).to.have.length(2);
  });

  it('are bounded in their kinds: those beyond the bound share one', () => {
    const { logger, lines } = scene();
    for (let n = 0; n < 600; n++) logger.warn({}, `kind ${n}`);
    expect(lines).to.have.length(501);
  });
});
