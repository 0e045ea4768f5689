/**
 * Record: the server of one record type on the main thread. Owns the type's thread: brings it up, has the Producer
 * started in it, and brings it up again when it has ended: at once the first time, then after a growing delay.
 *
 * Started by RecordsSupervisor on the type's first `record()`; keyed, so restarted for ever at its own expense. When it
 * dies the thread goes on, and its successor finds it. The queue is the application's, so nothing is lost with any of
 * them. Its mailbox holds what its thread does and its own timers.
 *
 *     opening --up--> attending --the thread ended--> opening
 *        ^  \--it failed--> waiting --its delay--+
 *        +---------------------------------------+
 */
import { type Backoff, backoffDelay } from '../base/backoff.ts';
import { untilNextBeat } from '../base/clock.ts';
import type { DynamicSupervisorSpec } from '../otp/dynamic-supervisor.ts';
import { startDynamicChildFor } from '../otp/dynamic-supervisor.ts';
import { type GenServer, startLink } from '../otp/gen-server.ts';
import { type Pid, via } from '../otp/pid.ts';
import type { Process } from '../otp/process.ts';
import { noreply, ok, type Result } from '../otp/result.ts';
import type { StartResult } from '../otp/start.ts';
import { NAMES, registryKey } from './names.ts';
import type { Place } from './site/placement.ts';
import type { RecordType } from './site/record-type.ts';

/** Between two starts of a thread, from the second on. */
const THREAD_BACKOFF: Backoff = { initialMs: 200, maxMs: 5000, factor: 2, jitter: 0.5 };
/** A thread that has not answered so many times in a row is hung. */
const MISSED_CHECKS = 3;

type Message =
  | { readonly type: 'up'; readonly place: Place }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'thread_ended'; readonly place: Place; readonly error: Error }
  | { readonly type: 'open' }
  /** Of this site: one that has ended since is not checked any more. */
  | { readonly type: 'check'; readonly place: Place }
  | { readonly type: 'answered'; readonly place: Place };

interface State {
  readonly recordType: RecordType;
  readonly place: Place | undefined;
  readonly upSince: number;
  /** Starts of the thread since it was last stable. */
  readonly attempts: number;
  /** Starts in a row that failed, each of which was told. */
  readonly failures: number;
  readonly missed: number;
}

interface Spec {
  readonly argument: RecordType;
  readonly state: State;
  readonly info: Message;
  readonly continue: 'open';
}

export function startRecord(parent: Process, recordType: RecordType): Promise<StartResult> {
  return startLink(parent, record, recordType, {
    name: via(NAMES.registry, registryKey('record', recordType.name)),
    label: `Record ${recordType.name}`,
  });
}

const record: GenServer<Spec> = {
  kind: 'record',

  init(recordType, self) {
    recordType.wanted = true;
    if (recordType.signals.door === 'unattended') recordType.signals.door = 'attended';
    self.onEnd = () => {
      if (recordType.signals.door === 'attended') recordType.signals.door = 'unattended';
    };
    return ok(
      { recordType, place: undefined, upSince: 0, attempts: 0, failures: 0, missed: 0 },
      { continue: 'open' },
    );
  },

  handleContinue: (_open, state, self) => open(self, state),

  async handleInfo(message, state, self): Promise<Result<State>> {
    const { recordType } = state;
    const { logger } = recordType;
    const { clock } = recordType.engine;
    switch (message.type) {
      case 'open':
        return open(self, state);
      case 'up': {
        const { place } = message;
        const { failures } = state;
        if (failures > 0) logger.warn({ failures }, 'the thread of a record type has started at last');
        place.ending.attend((error) => tell(self, { type: 'thread_ended', place, error }));
        // It answers at once: a Producer that is there already, or one that is on its way.
        const supervisor = NAMES.producerSupervisor as unknown as Pid<DynamicSupervisorSpec>;
        await startDynamicChildFor(self, supervisor, { recordType: recordType.name });
        checkLater(self, recordType, place);
        return noreply({ ...state, place, upSince: clock.now(), failures: 0, missed: 0 });
      }
      case 'failed':
        recordType.lastFailure = { error: message.error, at: clock.wallTime() };
        logger.error({ err: message.error }, 'the thread of a record type did not start');
        return openLater(self, { ...state, place: undefined, failures: state.failures + 1 }, message.error);
      case 'thread_ended': {
        if (message.place !== state.place) return noreply(state);
        if (recordType.placement.closed || (recordType.signals.door === 'closed' && recordType.isSettled))
          return noreply({ ...state, place: undefined });
        recordType.lastFailure = { error: message.error, at: clock.wallTime() };
        logger.warn({ err: message.error }, 'the thread of a record type ended, and is started again');
        const stable = clock.now() - state.upSince >= recordType.options.stableMs;
        const attempts = stable ? 0 : state.attempts;
        return openLater(self, { ...state, place: undefined, attempts }, message.error);
      }
      case 'check':
        return message.place === state.place ? check(self, state, message.place) : noreply(state);
      case 'answered':
        return message.place === state.place ? noreply({ ...state, missed: 0 }) : noreply(state);
      default:
        self.dropped++;
        return noreply(state);
    }
  },
};

/** Brings the site up without waiting for it; the outcome comes as a message. */
function open(self: Process, state: State): Result<State> {
  state.recordType.placement.open().then(
    (place) => tell(self, { type: 'up', place }),
    (error: unknown) => tell(self, { type: 'failed', error: error as Error }),
  );
  return noreply(state);
}

function openLater(self: Process, state: State, error: Error): Result<State> {
  const { name, engine } = state.recordType;
  const attempts = state.attempts + 1;
  const delayMs = attempts === 1 ? 0 : backoffDelay(THREAD_BACKOFF, attempts - 1, self.runtime.random);
  engine.restarts.noteThread(name, error, attempts, delayMs);
  if (attempts === 1) return open(self, { ...state, attempts });
  self.sendAfter(delayMs, { type: 'open' } satisfies Message);
  return noreply({ ...state, attempts });
}

/**
 * Asks the thread whether its event loop turns. Counted in checks, each in a turn of this thread's own loop: a machine
 * that slept, or a main thread that was blocked, ends nobody.
 */
function check(self: Process, state: State, place: Place): Result<State> {
  const { missed, recordType } = state;
  if (missed >= MISSED_CHECKS) {
    recordType.logger.error({}, 'the thread of a record type hangs, and is ended');
    void recordType.placement.restart('fault');
    return noreply(state);
  }
  place.control.ping().then(
    () => tell(self, { type: 'answered', place }),
    // Its end is told by itself.
    () => {},
  );
  checkLater(self, recordType, place);
  return noreply({ ...state, missed: missed + 1 });
}

/** All types at the same moment, so that an idle application wakes up once for all of them. */
function checkLater(self: Process, { options, engine }: RecordType, place: Place): void {
  const delayMs = untilNextBeat(engine.clock, options.hangTimeoutMs / MISSED_CHECKS);
  self.sendAfter(delayMs, { type: 'check', place } satisfies Message);
}

function tell(self: Process, message: Message): void {
  if (self.alive) self.send(self.pid, message);
}
