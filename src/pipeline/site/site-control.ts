/** What can be asked of a site, served by it: in its thread over the control plane, or inline by a plain call. */

import type { Pid } from '../../otp/pid.ts';
import type { Behaviour, Process } from '../../otp/process.ts';
import type { StartResult } from '../../otp/start.ts';
import { RECHECK_MS } from '../../threads/queue/index.ts';
import { consumerSupervisorBehaviour } from '../consumer-supervisor.ts';
import { producerAccount, producerBehaviour } from '../producer.ts';
import { shownState } from '../view/shown-state.ts';
import { plainProcess } from './plain-process.ts';
import type { RecordSite } from './record-site.ts';
import type { SiteControl, SiteSnapshot } from './site.ts';
import { UnattendedDispatch } from './unattended-dispatch.ts';

export function siteControl(site: RecordSite): SiteControl {
  const { runtime, recordType } = site;
  const unattended = new UnattendedDispatch(site);
  let producer: Process | undefined;
  // The exit loop: the tree needs the main thread, which answers nothing any more. What the Producer holds goes back.
  const watch = { clock: runtime.clock, recheckMs: RECHECK_MS };
  void site.signals.exitAnnounced(watch, site.closed).then((outcome) => {
    if (outcome === 'cancelled') return;
    producer?.end('shutdown');
    site.fetchNow();
    unattended.begin();
  });
  const startFor = (
    parent: Pid,
    behaviour: Behaviour,
    label: string,
    born?: (process: Process) => void,
  ): Promise<StartResult> =>
    new Promise((resolve) => {
      const process = runtime.startFor(resolve, behaviour, { parent, link: true, label });
      if (process !== undefined) born?.(process);
    });
  return {
    startProducer: (parent) =>
      startFor(parent, producerBehaviour(site), `Producer ${recordType}`, (process) => {
        producer = process;
      }),

    startConsumerSupervisor: (parent, pid) =>
      startFor(parent, consumerSupervisorBehaviour(site, pid), `ConsumerSupervisor ${recordType}`),

    settled: (mark) => site.settled(mark),

    dispatch(order) {
      if (order === 'begin') unattended.begin();
      else unattended.end();
    },

    closeAdapter: (timeoutMs) => site.close(timeoutMs),

    inspect(measure): SiteSnapshot {
      runtime.measuring = measure;
      const { idle, active } = nodePerformance().eventLoopUtilization();
      return {
        processes: JSON.stringify(
          [...runtime.processes]
            .filter((process) => isOfSite(process, site))
            .map((process) => plainProcess(process.info())),
        ),
        producer: producer?.alive ? producerAccount(producer.behaviour.state?.()) : undefined,
        claimed: site.claimed,
        running: site.gate.running,
        parked: site.parking.snapshot(),
        deadWaiting: site.table.deadWaiting,
        dispatching: unattended.active,
        lastError: site.lastError,
        adapter: site.adapter.snapshot(),
        tombstones: site.tombstones.recent(),
        handleMs: site.handleMs.spread(),
        batchEvents: site.batchEvents.spread(),
        heapUsedBytes: process.memoryUsage().heapUsed,
        loop: { idleMs: idle, activeMs: active },
      };
    },

    state(pid) {
      const found = runtime.find(pid);
      return found === undefined ? undefined : shownState(found.behaviour.state?.());
    },

    listen: (channels) => site.telemetry.listen(channels),

    ping() {},
  };
}

/** Inline, the main thread's runtime has other processes too. */
function isOfSite(process: Process, site: RecordSite): boolean {
  if (site.runtime.node !== site.argument.main) return true;
  for (let each: Process | undefined = process; each !== undefined; ) {
    if (
      each.label === `Producer ${site.recordType}` ||
      each.label === `ConsumerSupervisor ${site.recordType}`
    )
      return true;
    each = each.parent === undefined ? undefined : site.runtime.find(each.parent);
  }
  return false;
}

/** Taken from the global, which loads it when it is first used: `node:perf_hooks` costs an import 3 ms. */
function nodePerformance(): typeof import('node:perf_hooks').performance {
  return performance as unknown as typeof import('node:perf_hooks').performance;
}
