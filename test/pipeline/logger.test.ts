import { expect } from 'chai';
import sinon from 'sinon';
import { systemClock } from '../../src/base/clock.ts';
import { BeamlineError } from '../../src/pipeline/errors.ts';
import { type Logger, LogThrottle, stderrLogger } from '../../src/pipeline/logger.ts';

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

describe('The log throttle', () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers({ now: START });
  });
  afterEach(() => time.restore());

  function throttled() {
    const { logger, lines } = capture();
    const throttle = new LogThrottle(systemClock, 1000);
    const refuse = (recordType: string, total: number) =>
      throttle.log(`refused ${recordType}`, logger, 'warn', { recordType, total }, 'events refused');
    return { throttle, refuse, lines };
  }

  it('writes the first entry of a key at once', () => {
    const { refuse, lines } = throttled();
    refuse('SignUp', 1);
    refuse('SignIn', 1);
    expect(lines).to.deep.equal([
      'WARN events refused recordType=SignUp total=1',
      'WARN events refused recordType=SignIn total=1',
    ]);
  });

  it('writes the latest of those that follow when the interval ends, with their number', () => {
    const { refuse, lines } = throttled();
    for (let total = 1; total <= 5; total++) refuse('SignUp', total);
    expect(lines).to.have.length(1);
    time.tick(999);
    expect(lines).to.have.length(1);
    time.tick(1);
    expect(lines.slice(1)).to.deep.equal(['WARN events refused recordType=SignUp total=5 suppressed=4']);
  });

  it('writes no more than once an interval while the condition lasts', () => {
    const { refuse, lines } = throttled();
    for (let total = 1; total <= 50; total++) {
      refuse('SignUp', total);
      time.tick(100);
    }
    expect(lines).to.have.length(6);
    const suppressed = lines.map((line) => Number(/suppressed=(\d+)/.exec(line)?.[1] ?? 0));
    expect(suppressed.reduce((sum, count) => sum + count, 0) + 1).to.equal(50);
  });

  it('holds nothing, and no timer, once an interval was quiet', () => {
    const { refuse, lines } = throttled();
    refuse('SignUp', 1);
    refuse('SignUp', 2);
    time.tick(2000);
    expect(time.countTimers()).to.equal(0);
    refuse('SignUp', 3);
    expect(lines.pop()).to.equal('WARN events refused recordType=SignUp total=3');
  });

  it('writes what it keeps back when it is flushed', () => {
    const { throttle, refuse, lines } = throttled();
    refuse('SignUp', 1);
    refuse('SignUp', 2);
    refuse('SignIn', 1);
    throttle.flush();
    throttle.flush();
    expect(lines.slice(2)).to.deep.equal(['WARN events refused recordType=SignUp total=2 suppressed=1']);
    expect(time.countTimers()).to.equal(0);
  });
});
