import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import {
  Application,
  type Logger,
  type MemoryDescriptor,
  memory,
  type Snapshot,
  type TreeNode,
} from '../../src/index.ts';
import type { Process } from '../../src/otp/process.ts';
import { PageViewEvent } from './fixtures/page-view.ts';
import { SignUpEvent } from './fixtures/sign-up.ts';
import { snapshotWith } from './support/application.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** A clock whose `now` can be set forward, so that restarts are apart for those who count them. */
function leapingClock(): { clock: import('../../src/base/clock.ts').Clock; leap: (ms: number) => void } {
  let ahead = 0;
  return {
    clock: {
      now: () => performance.now() + ahead,
      wallTime: () => Date.now() + ahead,
      setTimer(delayMs, fire) {
        const handle = setTimeout(fire, delayMs);
        handle.unref();
        return { clear: () => clearTimeout(handle) };
      },
    },
    leap: (ms) => {
      ahead += ms;
    },
  };
}

function find(snapshot: Snapshot, name: string, recordType: string | null = null): TreeNode | undefined {
  return snapshot.nodes.find(
    (node) => node.name === name && (recordType === null || node.recordType === recordType),
  );
}

describe('Crashes', () => {
  let app: Application;
  let adapter: MemoryDescriptor;
  let leap: (ms: number) => void;
  let recorded: number;
  /** The main thread's processes that have ended. */
  const ended: { readonly label: string | undefined; readonly process: WeakRef<Process> }[] = [];

  beforeEach(async () => {
    adapter = memory({ bytesMax: 256 * 1024 * 1024 });
    const clock = leapingClock();
    leap = clock.leap;
    recorded = 0;
    ended.length = 0;
    app = await Application.start(
      { adapter, logger: silent },
      {
        clock: clock.clock,
        observer: {
          ended: (process) => void ended.push({ label: process.label, process: new WeakRef(process) }),
        },
      },
    );
  });
  afterEach(() => app.stop());

  /** Several callers at once, each yielding to the event loop as request handlers do. */
  const recordBy = async (
    callers: number,
    each: number,
    meanwhile?: () => void | Promise<void>,
  ): Promise<void> => {
    const half = callers * Math.floor(each / 2);
    let count = 0;
    const crashes: (void | Promise<void>)[] = [];
    await Promise.all(
      Array.from({ length: callers }, async () => {
        for (let i = 0; i < each; i++) {
          expect(SignUpEvent.record({ userId: recorded++, step: 'confirm' })).to.equal(true);
          if (++count === half) crashes.push(meanwhile?.());
          if (i % 100 === 99) await turn();
        }
      }),
    );
    await Promise.all(crashes);
  };

  const expectAllDelivered = async (): Promise<void> => {
    const ledger = await app.flush();
    expect(ledger.types.SignUp).to.include({
      accepted: recorded,
      delivered: recorded,
      pending: 0,
      refused: 0,
    });
    for (const stream of ['signup', 'master']) {
      const messages = adapter.messages(stream);
      const ids = new Set(
        messages.map(({ data }) => {
          const event = JSON.parse(String(data)) as { eventId?: string; event_id?: string };
          return event.eventId ?? event.event_id;
        }),
      );
      expect(ids.size, `distinct ids in ${stream}`).to.equal(recorded);
    }
  };

  /** Waits until a box of the tree is held by another process than `before`. */
  const replaced = async (name: string, recordType: string, before: string | null): Promise<TreeNode> => {
    const successor = (snapshot: Snapshot): TreeNode | undefined => {
      const node = find(snapshot, name, recordType);
      return node?.pid != null && node.pid !== before && node.status !== 'starting' ? node : undefined;
    };
    return successor(await snapshotWith(app, (snapshot) => successor(snapshot) !== undefined))!;
  };

  /** Waits until a Record server has taken its thread over. */
  const attends = async (pid: string): Promise<void> => {
    for (;;) {
      const state = (await app.state(pid)) as { readonly place: unknown } | undefined;
      if (state?.place != null) return;
      await turn();
    }
  };

  const busyConsumer = async (): Promise<TreeNode> => {
    const busy = await snapshotWith(app, (snapshot) => find(snapshot, 'Consumer') !== undefined);
    return find(busy, 'Consumer')!;
  };

  it('of each process of one type lose nothing, and no other type notices', async () => {
    PageViewEvent.record({ path: '/' });
    await recordBy(5, 20);
    await app.flush();
    const before = await app.inspect();
    const others = before.nodes.filter(({ recordType }) => recordType === 'PageView').map(({ pid }) => pid);
    expect(others).to.have.lengthOf(3);

    for (const victim of ['Record', 'Producer', 'ConsumerSupervisor']) {
      const pid = find(await app.inspect(), victim, 'SignUp')?.pid ?? null;
      await recordBy(5, 2000, () => {
        expect(app.kill(pid ?? ''), `${victim} ${pid} is killed`).to.equal(true);
      });
      const node = await replaced(victim, 'SignUp', pid);
      expect(node.restarts, `restarts of ${victim}`).to.be.greaterThan(0);
    }
    // A stream that fails for a while keeps Consumers at work.
    adapter.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
    await recordBy(5, 2000, async () => {
      expect(app.kill((await busyConsumer()).pid ?? '')).to.equal(true);
      adapter.recover();
    });
    await recordBy(5, 2000, () => app.endThread('SignUp'));
    await recordBy(5, 10);
    await expectAllDelivered();

    const after = await app.inspect();
    expect(
      after.nodes.filter(({ recordType }) => recordType === 'PageView').map(({ pid }) => pid),
    ).to.deep.equal(others);
    expect(find(after, 'Producer', 'SignUp')?.lastReason).to.equal('noconnection');
    expect(recorded).to.be.greaterThan(50_000);
  });

  it('of Registry and each shared supervisor: all types come back and deliver what was pending', async () => {
    await recordBy(5, 20);
    PageViewEvent.record({ path: '/' });
    await app.flush();
    let pages = 1;
    for (const victim of [
      'Registry',
      'RecordsSupervisor',
      'ProducerSupervisor',
      'ConsumerDynamicSupervisor',
      'DispatchServer',
      'ServerSupervisor',
    ]) {
      leap(60_000);
      const pid = find(await app.inspect(), victim)?.pid ?? '';
      await recordBy(2, 100);
      PageViewEvent.record({ path: `/${victim}` });
      pages++;
      expect(app.kill(pid), `${victim} is killed`).to.equal(true);
      // No further record(): what was pending is delivered by what comes back.
      const ledger = await app.flush();
      expect(ledger, `after the end of ${victim}`).to.include({ pending: 0, accepted: recorded + pages });
      const now = await app.inspect();
      expect(find(now, victim)?.pid).to.not.equal(pid);
      expect(find(now, 'Application')?.restarts).to.equal(0);
    }
    await expectAllDelivered();
  });

  it('of Record leave nothing of it in the thread that lives on', async () => {
    await recordBy(1, 1);
    let pid: string | null = null;
    for (let life = 1; life <= 4; life++) {
      const node = await replaced('Record', 'SignUp', pid);
      pid = node.pid;
      await attends(pid ?? '');
      leap(60_000);
      if (life < 4) expect(app.kill(pid ?? '')).to.equal(true);
    }
    await turn();
    globalThis.gc?.();
    const records = ended.filter(({ label }) => label === 'Record SignUp');
    expect(records.map(({ process }) => process.deref()?.label)).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('of the whole tree end in a new tree, which delivers what is in the queues', async () => {
    await recordBy(5, 20);
    await app.flush();
    const root = find(await app.inspect(), 'Application')?.pid ?? '';
    await recordBy(2, 50);
    expect(app.kill(root)).to.equal(true);
    await expectAllDelivered();
    expect(find(await app.inspect(), 'Application')?.pid).to.not.equal(root);
  });
});
