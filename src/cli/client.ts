/** Asks an observer, as the command line does. What goes wrong is a value: the message says what to do about it. */
import type { FeedEntry } from '../observer/feed.ts';

export interface Target {
  readonly url: string;
  readonly token: string | undefined;
}

export type Reply<Body> =
  | { readonly type: 'ok'; readonly body: Body }
  | { readonly type: 'failed'; readonly message: string };

export async function ask<Body>(
  { url, token }: Target,
  path: string,
  method: 'GET' | 'POST' = 'GET',
): Promise<Reply<Body>> {
  try {
    const response = await fetch(address(url, path), { method, headers: headersOf(token) });
    const body = (await response.json()) as Body & { readonly error?: { readonly message: string } };
    return body.error === undefined ? { type: 'ok', body } : { type: 'failed', message: body.error.message };
  } catch (error) {
    return { type: 'failed', message: unreachable(url, error) };
  }
}

/** Calls `each` with all that happens, until the observer ends or `signal` is aborted. */
export async function follow(
  { url, token }: Target,
  each: (entry: FeedEntry) => void,
  signal?: AbortSignal,
): Promise<Reply<undefined>> {
  try {
    const response = await fetch(address(url, 'api/v1/events'), {
      headers: headersOf(token),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok || response.body === null)
      return { type: 'failed', message: `${url} answered ${response.status}` };
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^event: feed\ndata: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) each(JSON.parse(data) as FeedEntry);
      }
    }
    return { type: 'failed', message: `${url} has ended` };
  } catch (error) {
    if (signal?.aborted) return { type: 'ok', body: undefined };
    return { type: 'failed', message: unreachable(url, error) };
  }
}

function address(url: string, path: string): string {
  return new URL(path, url.endsWith('/') ? url : `${url}/`).href;
}

function headersOf(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function unreachable(url: string, error: unknown): string {
  const { cause } = error as { readonly cause?: Error };
  return (
    `no observer answers at ${url} (${cause?.message ?? (error as Error).message}). ` +
    'Start one in the application with app.observe(), or give --url.'
  );
}
