/**
 * Consumer: one process for one batch. Starts a task that runs the record type's `handleEvent` over the batch, unless
 * the batch is empty, and ends when the task has.
 *
 * Owns: the claim on its batch. Started by ConsumerSupervisor for each batch it receives; temporary: when it dies its
 * claim goes back to the queue, and its place in the demand to the Producer. Its mailbox holds the end of its task.
 */
import { type GenServer, startLink } from '../otp/gen-server.ts';
import type { Process } from '../otp/process.ts';
import { noreply, ok, stop } from '../otp/result.ts';
import type { StartResult } from '../otp/start.ts';
import { startAsync } from '../otp/task.ts';
import type { Claim } from '../threads/queue/index.ts';
import type { RecordSite } from './site/record-site.ts';

interface Work {
  readonly site: RecordSite;
  readonly batch: Claim;
}

interface Spec {
  readonly argument: Work;
  readonly state: Work;
  readonly continue: 'run';
}

export function startConsumer(parent: Process, site: RecordSite, batch: Claim): Promise<StartResult> {
  return startLink(parent, consumer, { site, batch }, { label: 'Consumer' });
}

const consumer: GenServer<Spec> = {
  kind: 'consumer',

  init: (work) => ok(work, { continue: 'run' }),

  handleContinue(_run, work, self) {
    const { site, batch } = work;
    // Given back by whoever held it before, or settled: nothing is left to do.
    if (!site.take(batch, self) || batch.size === 0) return stop('normal', work);
    startAsync(self, () => site.run(batch), { label: 'Task' });
    return noreply(work);
  },

  handleInfo(message, work, self) {
    if (message.type === 'task_result') return stop('normal', work);
    self.dropped++;
    return noreply(work);
  },
};
