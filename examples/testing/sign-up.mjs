/** The record type that the tests beside this file are about. */
import { EventContext, Message, Records } from 'beamline';
import { z } from 'zod';
import { shardKey } from './shard-key.mjs';

export const SignUp = Records.define({
  name: 'SignUp',
  url: import.meta.url,
  schema: z.object({ user: z.string(), step: z.enum(['start', 'confirm']) }),
  async handleEvent(events, { sendData }) {
    await sendData(
      'signup',
      events.map(({ id, data }) => new Message(shardKey.of(data.user), { id, ...data })),
    );
  },
});

/** What an application's own code does, somewhere below a request. */
export function signUp(user) {
  return SignUp.record({ user: user ?? EventContext.current()?.user?.id, step: 'start' });
}
