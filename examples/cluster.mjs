/**
 * `cluster`: each process has an application of its own, with its own queues, threads and connections. Nothing is shared,
 * and an event's id is unique over all of them.
 */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { Application, kinesis } from 'beamline';
import { Visit } from './events/visit.mjs';

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0]));
  console.log('ended with', codes.join(', '));
} else {
  const app = await Application.start({ adapter: kinesis() });
  for (let n = 0; n < 10; n++) Visit.record({ page: `page-${n}`, user: `process-${cluster.worker.id}` });
  const { delivered } = await app.stop();
  console.log('process', cluster.worker.id, 'delivered', delivered);
  cluster.worker.disconnect();
}
