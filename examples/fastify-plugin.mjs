/** A plugin for Fastify: starts beamline with the server, gives each request its context, stops it with the server. */
import { Application, EventContext } from 'beamline';

/** Options: those of `Application.start`. The application is `fastify.beamline`. */
export async function beamlinePlugin(fastify, options) {
  const app = await Application.start(options);
  fastify.decorate('beamline', app);
  fastify.addHook('onRequest', (request, _reply, done) => {
    EventContext.run(EventContext.fromRequest(request), done);
  });
  // After the last request has been answered.
  fastify.addHook('onClose', async (instance) => {
    const { delivered, pending } = await app.stop();
    instance.log.info({ delivered, pending }, 'beamline has stopped');
  });
}
// For the whole server, and not only for what is registered inside the plugin.
beamlinePlugin[Symbol.for('skip-override')] = true;
