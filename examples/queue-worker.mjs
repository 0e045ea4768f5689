/**
 * A worker of a queue: a job is acknowledged when its event is safe, and not before. If the process dies in between, the
 * queue gives the job again, and the event is recorded once more: never not at all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Application, kinesis } from 'beamline';
import { Visit } from './events/visit.mjs';

/** In place of SQS, RabbitMQ, ... */
const jobs = ['home', 'pricing', 'docs'].map((page) => ({
  page,
  ack: () => console.log('acknowledged', page),
}));

const app = await Application.start({ adapter: kinesis() });
for (const job of jobs) await work(job);
const { delivered } = await app.stop();
console.log('delivered', delivered);

async function work({ page, ack }) {
  for (;;) {
    try {
      await Visit.recordAndConfirm({ page }, { signal: AbortSignal.timeout(60_000) });
      return ack();
    } catch (error) {
      // The queue is full, for Kinesis is slow or down: the job waits, and with it those behind it.
      if (error.code !== 'ERR_QUEUE_FULL') throw error;
      await sleep(1000);
    }
  }
}
