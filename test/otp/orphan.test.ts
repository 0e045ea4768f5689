import { expect } from 'chai';
import { type GenServer, startLink } from '../../src/otp/gen-server.ts';
import { ok } from '../../src/otp/result.ts';
import { Runtime } from '../../src/otp/runtime.ts';
import { startSupervisor } from '../../src/otp/supervisor.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

const worker: GenServer<{ readonly argument: undefined }> = { init: () => ok(undefined) };

describe('a supervisor that is killed while it starts its children', () => {
  it('starts no further one, at whatever moment it dies', async () => {
    // As many turns of the microtask queue as the start of three children takes, and more.
    for (let turns = 0; turns < 60; turns++) {
      const runtime = new Runtime({ clock: new ManualClock() });
      const children = ['a', 'b', 'c'].map((id) => ({
        id,
        start: (supervisor: Parameters<typeof startLink>[0]) => startLink(supervisor, worker, undefined),
      }));
      void startSupervisor(runtime, { children }, { name: 'supervisor' });
      for (let turn = 0; turn < turns; turn++) await undefined;
      const pid = runtime.whereis('supervisor');
      if (pid !== undefined) runtime.exit(pid, 'kill');
      await new Promise((resolve) => setImmediate(resolve));
      expect(runtime.processCount, `killed after ${turns} turns`).to.equal(0);
    }
  });
});
