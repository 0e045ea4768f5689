/**
 * ConsumerSupervisor (GS): subscribes to the Producer of its record type with `maxDemand`, and starts one Consumer for
 * each batch.
 *
 * Owns: the Consumers. Runs in the type's own thread; started there for ConsumerDynamicSupervisor, which supervises it
 * from the main thread. When it dies its Consumers die with it, and what they worked on goes back. When the Producer
 * dies it stays, and subscribes again: to the successor, which it finds by its Registry name or is told by it.
 * Its mailbox is bounded by `maxDemand`.
 */

import type { Pid } from '../otp/pid.ts';
import type { Behaviour, Process } from '../otp/process.ts';
import { consumerSupervisorBehaviour as poolBehaviour } from '../otp/stage/consumer-supervisor.ts';
import type { Subscribe } from '../otp/stage/messages.ts';
import type { Claim } from '../threads/queue/index.ts';
import { startConsumer } from './consumer.ts';
import { registerAt, whereisAt } from './names.ts';
import type { RecordSite } from './site/record-site.ts';

/** Each Consumer that ends asks for one batch more, so that always `maxDemand` are asked for or at work. */
export function poolSubscription(site: RecordSite, producer: Pid): Subscribe {
  return { to: producer, maxDemand: site.options.maxDemand, minDemand: 0, cancel: 'temporary' };
}

export function consumerSupervisorBehaviour(site: RecordSite, producer: Pid): Behaviour {
  const { main } = site.argument;
  const { recordType } = site;
  return poolBehaviour({
    async init(self) {
      await registerAt(self, main, 'consumer_supervisor', recordType);
    },
    subscribeTo: [poolSubscription(site, producer)],
    child: (batch: Claim) => ({
      id: 'Consumer',
      start: (self) => startConsumer(self, site, batch),
    }),
    onCancel(self) {
      void subscribeToSuccessor(site, self);
    },
  });
}

/** The successor may be there already; if it is not, it will tell this pool of itself when it is. */
async function subscribeToSuccessor(site: RecordSite, self: Process): Promise<void> {
  try {
    const producer = await whereisAt(self, site.argument.main, 'producer', site.recordType);
    if (producer !== undefined && self.alive) {
      self.cast(self.pid, { type: 'subscribe_to', to: poolSubscription(site, producer) });
    }
  } catch (error) {
    // Registry is gone, and with it every process that it knew: this one too, in a moment.
    site.noteError(error);
  }
}
