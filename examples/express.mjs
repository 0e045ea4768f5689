/**
 * Express: each request's context goes with whatever it records. The process ends by a signal with everything delivered.
 *
 *     BEAMLINE_REGION=eu-west-1 PORT=3000 node examples/express.mjs
 */
import { Application, EventContext, kinesis } from 'beamline';
import express from 'express';
import { Visit } from './events/visit.mjs';

const beamline = await Application.start({ adapter: kinesis() });

const app = express();
app.use((req, _res, next) => EventContext.run(EventContext.fromRequest(req), next));
app.get('/pages/:page', (req, res) => {
  Visit.record({ page: req.params.page, user: req.query.user });
  res.send('seen');
});
const server = app.listen(process.env.PORT ?? 3000, () => console.log('listening on', server.address().port));

process.once('SIGTERM', () => {
  server.close(async () => {
    const { delivered, pending } = await beamline.stop();
    console.log({ delivered, pending });
  });
  server.closeIdleConnections();
});
