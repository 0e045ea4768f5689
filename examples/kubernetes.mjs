/**
 * A server under Kubernetes, through the whole of a rolling update:
 *
 *     SIGTERM            /readyz answers 503, so that no new connection is sent here; what comes is still served
 *     DRAIN_MS later     the server closes when the last request is answered
 *     then               beamline delivers what is pending, within the rest of terminationGracePeriodSeconds
 *
 *     readinessProbe: { httpGet: { path: /readyz, port: 3000 }, periodSeconds: 2 }
 *     livenessProbe:  { httpGet: { path: /healthz, port: 3000 } }
 *     terminationGracePeriodSeconds: 30
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Application, EventContext, kinesis } from 'beamline';
import { Visit } from './events/visit.mjs';

/** Longer than it takes until every node has heard that this pod is not ready. */
const DRAIN_MS = Number(process.env.DRAIN_MS ?? 5000);
const STOP_MS = 20_000;

const app = await Application.start({ adapter: kinesis() });
let ready = true;

const server = createServer((req, res) => {
  if (req.url === '/healthz') return res.end('ok');
  if (req.url === '/readyz') return res.writeHead(ready ? 200 : 503).end();
  EventContext.run(EventContext.fromRequest(req), () => {
    Visit.record({ page: req.url });
    res.end('seen');
  });
});
server.listen(process.env.PORT ?? 3000);
await once(server, 'listening');
console.log('listening on', server.address().port);

await once(process, 'SIGTERM');
ready = false;
console.log('draining');
await sleep(DRAIN_MS);
server.close();
server.closeIdleConnections();
await once(server, 'close');
const { accepted, delivered, pending } = await app.stop({ timeoutMs: STOP_MS });
console.log({ accepted, delivered, pending });
process.exitCode = pending === 0 ? 0 : 1;
