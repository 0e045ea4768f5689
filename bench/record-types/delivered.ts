/** Record types that are delivered to Kinesis. */
import { EventContext, Message, masterJson, Records } from '../shipped.ts';
import type { SignUp } from '../standard-event.ts';

/** The document's own: each event goes to `signup`, and to `master`. */
export const SignUpEvent = Records.define<SignUp>({
  name: 'SignUp',
  url: import.meta.url,
  async handleEvent(events, { sendData }) {
    const signup: Message[] = [];
    const master: Message[] = [];
    for (const { id, data } of events) {
      const { user, step, request } = data;
      signup.push(new Message(user.id, { eventId: id }));
      master.push(new Message(user.id, masterJson(id, user.publicId, user, contextOf(step, request))));
    }
    await sendData('signup', signup);
    await sendData('master', master);
  },
});

export function contextOf(step: string, request: SignUp['request']): EventContext {
  return EventContext.fromContext({ eventSource: 'API', eventType: 'signup', eventAction: step }, request);
}

/** Each event goes to one stream, as JSON. */
export const JsonEvent = Records.define<SignUp>({
  name: 'Json',
  url: import.meta.url,
  async handleEvent(events, { sendData }) {
    await sendData(
      'json',
      events.map(({ data }) => new Message(data.user.id, data)),
    );
  },
});

/** Each event is a record already, and is passed through. */
export const BytesEvent = Records.define<Uint8Array>({
  name: 'Bytes',
  url: import.meta.url,
  async handleEvent(events, { sendData }) {
    await sendData(
      'bytes',
      events.map(({ data }) => new Message('key', data)),
    );
  },
});
