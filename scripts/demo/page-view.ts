/** A second record type, with a thread of its own: it goes on whatever happens to the sign-ups. */
import { Message, Records } from '../../src/index.ts';

export interface PageViewed {
  /** Counts up from 1. */
  readonly view: number;
  readonly path: string;
}

export const PageView = Records.define<PageViewed>({
  name: 'PageView',
  url: import.meta.url,
  async handleEvent(events, { sendData }) {
    await sendData(
      'pageview',
      events.map(({ id, data: { view, path } }) => new Message(view, { eventId: id, view, path })),
    );
  },
});
