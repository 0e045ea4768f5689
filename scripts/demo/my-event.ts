/** The sign-up event: each one goes to the stream `signup`, and to `master`, which holds events of all kinds. */
import { EventContext, Message, masterJson, Records, type RequestContext } from '../../src/index.ts';
import { crashHere, listenForCrash } from './crash-switch.ts';

export interface User {
  /** Counts up from 1: every sign-up of the demo is another user, and is known by it when it is read back. */
  readonly id: number;
  readonly publicId: string;
}

export interface SignUp {
  readonly user: User;
  readonly step: string;
  readonly request: RequestContext;
}

listenForCrash();

export const MyEvent = Records.define<SignUp>({
  name: 'MyEvent',
  url: import.meta.url,
  async handleEvent(events, { sendData }) {
    const signup: Message[] = [];
    const master: Message[] = [];
    for (const { id, data } of events) {
      const { user, step, request } = data;
      signup.push(new Message(user.id, { eventId: id, userId: user.id }));
      const eventContext = EventContext.fromContext(
        { eventSource: 'API', eventType: 'signup', eventAction: step },
        request,
      );
      master.push(new Message(user.id, masterJson(id, user.publicId, user, eventContext)));
    }
    await sendData('signup', signup);
    // With --crash, here: `signup` has the batch and `master` does not.
    crashHere();
    await sendData('master', master);
  },
});
