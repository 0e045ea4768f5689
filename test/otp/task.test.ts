import { expect } from 'chai';
import { Runtime } from '../../src/otp/runtime.ts';
import { awaitTask, startAsync, taskBehaviour } from '../../src/otp/task.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

describe('several awaits at once', () => {
  it('each get their own value, whichever comes first', async () => {
    const clock = new ManualClock();
    const runtime = new Runtime({ clock });
    const values = new Promise((resolve) => {
      runtime.spawn(
        taskBehaviour(async (self) => {
          const sleeper = (ms: number) =>
            startAsync(self, async (task) => {
              await task.sleep(ms);
              return ms;
            });
          resolve(await Promise.all([sleeper(200), sleeper(100)].map((task) => awaitTask(self, task))));
        }),
      );
    });
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(100);
    }
    expect(await values).to.deep.equal([200, 100]);
    expect(clock.nextDueAt, 'a timer that is left over').to.equal(undefined);
  });
});
