/** What a route answers, as data; and how it is written. The rule: every answer says that nobody may keep or frame it. */
import type { ServerResponse } from 'node:http';
import { unreachable } from '../base/assert.ts';
import { jsonPieces } from './json-text.ts';

export type Answer =
  | { readonly type: 'json'; readonly status: number; readonly body: unknown }
  | {
      readonly type: 'text';
      readonly status: number;
      readonly contentType: string;
      readonly body: string | Buffer;
    }
  | { readonly type: 'redirect'; readonly to: string; readonly cookie: string }
  /** Goes on for as long as the reader stays. */
  | { readonly type: 'stream'; readonly run: (response: ServerResponse) => void };

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

export function ok(body: unknown): Answer {
  return { type: 'json', status: 200, body };
}

/** `code` is stable, `message` says what was expected, what came, and what there is. */
export function failure(status: number, code: string, message: string): Answer {
  return { type: 'json', status, body: { error: { code, message } } };
}

export async function write(
  response: ServerResponse,
  answer: Answer,
  options: { readonly headOnly: boolean },
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const end = (body: string | Buffer): void => {
    response.end(options.headOnly ? undefined : body);
  };
  switch (answer.type) {
    case 'json': {
      response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8' });
      // The last piece is held back until it is known to be that: of a single one the length is told.
      let last = '';
      for await (const piece of jsonPieces(answer.body)) {
        if (last !== '' && !options.headOnly) response.write(last);
        last = piece;
      }
      end(`${last}\n`);
      break;
    }
    case 'text':
      response.writeHead(answer.status, { 'content-type': answer.contentType });
      end(answer.body);
      break;
    case 'redirect':
      response.writeHead(303, { location: answer.to, 'set-cookie': answer.cookie });
      end('');
      break;
    case 'stream':
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      });
      if (options.headOnly) end('');
      else answer.run(response);
      break;
    default:
      unreachable(answer, 'answer');
  }
}
