/** A record type whose events keep their order by key; its thread imports this module. */
import { Message, Records } from '../../src/index.ts';

export interface Ordered {
  readonly key: string;
  readonly n: number;
}

export const OrderedEvent = Records.define<Ordered>({
  name: 'Ordered',
  url: import.meta.url,
  partitionBy: ({ key }) => key,
  async handleEvent(events, { sendData }) {
    await sendData(
      'ordered',
      events.map(({ data }) => new Message(data.key, data)),
    );
  },
});
