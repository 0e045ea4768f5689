/** A record type, in a file of its own, because its thread imports it. */
import { EventContext, Message, masterJson, Records } from 'beamline';
import { z } from 'zod';

export const Visit = Records.define({
  name: 'Visit',
  url: import.meta.url,
  schema: z.object({ page: z.string(), user: z.string().optional(), context: z.any().optional() }),
  context: { app: { name: 'example' } }, // and with it what EventContext.run() says
  flushIntervalMs: 100,
  async handleEvent(events, { sendData }) {
    await sendData(
      'visits',
      events.map((event) => {
        const { page, user, context } = event.data;
        const eventContext = EventContext.fromContext(
          { eventSource: 'web', eventType: 'page', eventAction: 'visited', eventObject: page },
          context,
        );
        return new Message(user ?? event.id, masterJson(event, null, { anonymousId: user }, eventContext));
      }),
    );
  },
});
