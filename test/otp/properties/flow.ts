/**
 * What stages send each other, read as it is sent: for each subscription, what was asked for and not delivered yet.
 * Never negative, never more than `maxDemand`, and for a pool never more than its children leave room for.
 */
import type { Envelope } from '../../../src/otp/envelope.ts';
import type { Destination, Pid } from '../../../src/otp/pid.ts';
import { Runtime } from '../../../src/otp/runtime.ts';
import {
  type ConsumerMessage,
  isConsumerMessage,
  isProducerMessage,
  type ProducerMessage,
} from '../../../src/otp/stage/messages.ts';

export interface Account {
  readonly consumer: Pid;
  readonly max: number;
  outstanding: number;
  /** What was delivered, in order. */
  readonly events: number[];
}

export class FlowRuntime extends Runtime {
  readonly accounts = new Map<number, Account>();
  readonly faults: string[] = [];

  override deliver(to: Destination, envelope: Envelope): void {
    if (envelope.type === 'info') {
      if (isProducerMessage(envelope.message)) this.#toProducer(envelope.message);
      if (isConsumerMessage(envelope.message)) this.#toConsumer(envelope.message);
    }
    super.deliver(to, envelope);
  }

  #toProducer(message: ProducerMessage): void {
    const { ref, consumer } = message.subscription;
    if (message.type === '$subscribe') {
      this.accounts.set(ref, {
        consumer,
        max: message.options.maxDemand ?? 1000,
        outstanding: 0,
        events: [],
      });
      return;
    }
    const account = this.accounts.get(ref);
    if (message.type !== '$ask' || account === undefined) return;
    if (message.count <= 0) this.faults.push(`${message.count} are asked for`);
    account.outstanding += message.count;
    if (account.outstanding > account.max)
      this.faults.push(`${account.outstanding} are outstanding of at most ${account.max}`);
  }

  #toConsumer(message: ConsumerMessage): void {
    const account = this.accounts.get(message.subscription.ref);
    if (message.type !== '$events' || account === undefined) return;
    if (message.events.length === 0) this.faults.push('a delivery of nothing');
    account.outstanding -= message.events.length;
    account.events.push(...(message.events as number[]));
    if (account.outstanding < 0) this.faults.push(`${-account.outstanding} more than were asked for`);
  }
}
