/** Asks an observer over real HTTP, with headers that `fetch` would not let one set. */
import { type IncomingMessage, request } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the test is about
  readonly body: any;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function ask(url: string, { method = 'GET', headers = {} }: Asking = {}): Promise<Reply> {
  const response = await open(url, { method, headers });
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const isJson = response.headers['content-type']?.startsWith('application/json');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}

function open(url: string, { method, headers }: Required<Asking>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers: { connection: 'close', ...headers } }, resolve)
      .on('error', reject)
      .end();
  });
}

export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the test is about
  readonly data: any;
}

/** Reads server-sent events until one is as it should be; gives all of them, and hangs up. */
export async function eventsUntil(
  url: string,
  holds: (event: ServerSentEvent) => boolean,
  { headers = {} }: Asking = {},
): Promise<ServerSentEvent[]> {
  const response = await open(url, { method: 'GET', headers });
  const seen: ServerSentEvent[] = [];
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line): [string, string] => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      );
      const event = fields.get('event');
      if (event === undefined) continue;
      seen.push({ id: fields.get('id'), event, data: JSON.parse(fields.get('data') ?? 'null') });
      if (!holds(seen[seen.length - 1] as ServerSentEvent)) continue;
      response.destroy();
      return seen;
    }
  }
  throw new Error(`the stream ended; it had ${JSON.stringify(seen.map(({ event }) => event))}`);
}
