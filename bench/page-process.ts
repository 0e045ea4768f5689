/** An open page, without its browser, in a process of its own: reads the tree's event stream as fast as it comes. */
import { get } from 'node:http';

export type PageOrder =
  | { readonly type: 'open'; readonly url: string }
  /** One whole picture. */
  | { readonly type: 'look'; readonly url: string };

process.on('message', ({ type, url }: PageOrder) => {
  const path = type === 'open' ? 'events?what=tree' : 'snapshot';
  get(`${url}/api/v1/${path}`, (response) => {
    response.resume();
    response.once(type === 'open' ? 'data' : 'end', () => process.send?.('done'));
  });
});
process.on('disconnect', () => process.exit());
