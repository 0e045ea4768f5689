/** The role of the second thread: the leaves of a scenario's supervision trees, under the main thread's clock. */
import type { Clock } from '../../src/base/clock.ts';
import { type ControlApi, type RemoteControl, remoteControl } from '../../src/threads/control-lane.ts';
import type { ThreadConnection, ThreadSite } from '../../src/threads/thread-entry.ts';
import { AwayClock } from './away-clock.ts';
import { AwayWorld } from './away-world.ts';
import type { AwayControl, HomeControl } from './control.ts';

export function clock(connection: ThreadConnection): Clock {
  return new AwayClock(homeOf(connection));
}

export function boot(site: ThreadSite): ControlApi {
  const { runtime, link } = site;
  const time = runtime.clock as AwayClock;
  const world = new AwayWorld(runtime, homeOf(site), link.node);
  const control: AwayControl = {
    start: (parent, spec, argument) => world.startFor({ runtime, pid: parent }, spec, argument),
    introduce: (pid, incarnation) => world.introduce(pid, incarnation),
    tick: (now) => time.tick(now),
    fire: (timer) => time.fire(timer),
    async rest() {
      do await new Promise((resolve) => setImmediate(resolve));
      while (!runtime.scheduler.idle);
      return link.traffic.received;
    },
    clear: () => world.clear(),
  };
  return control as unknown as ControlApi;
}

/** The main thread outlives this one: what is asked of it is answered. */
function homeOf({ link, codec }: ThreadConnection): RemoteControl<HomeControl> {
  return remoteControl<HomeControl>(link.control, codec, new Promise(() => {}));
}
