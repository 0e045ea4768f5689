/** Fastify with the plugin beside this file. */
import { kinesis } from 'beamline';
import fastify from 'fastify';
import { Visit } from './events/visit.mjs';
import { beamlinePlugin } from './fastify-plugin.mjs';

const server = fastify({ logger: { level: process.env.LOG_LEVEL ?? 'warn' } });
await server.register(beamlinePlugin, { adapter: kinesis() });
server.get('/pages/:page', async (request) => {
  Visit.record({ page: request.params.page, user: request.query.user });
  return 'seen';
});
await server.listen({ port: Number(process.env.PORT ?? 3000) });
console.log('listening on', server.server.address().port);

process.once('SIGTERM', async () => {
  await server.close();
  const { delivered, pending } = server.beamline.ledger();
  console.log({ delivered, pending });
});
