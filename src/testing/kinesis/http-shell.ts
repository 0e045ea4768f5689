/**
 * The simulated service on the wire: AWS JSON 1.1 over HTTP/1.1 on a loopback port. Reads calls, plays replies, and
 * knows nothing else: signatures are not checked.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { KinesisCore } from './core.ts';
import type { Call, CallName, Reply } from './wire-types.ts';

const TARGET = 'Kinesis_20131202.';
const CALLS: ReadonlySet<string> = new Set<CallName>([
  'PutRecords',
  'PutRecord',
  'CreateStream',
  'DescribeStreamSummary',
  'ListShards',
  'GetShardIterator',
  'GetRecords',
  'UpdateShardCount',
  'SplitShard',
  'MergeShards',
]);

export class HttpShell {
  readonly #core: KinesisCore;
  readonly #clock: Clock;
  readonly #server: Server;

  private constructor(core: KinesisCore, clock: Clock) {
    this.#core = core;
    this.#clock = clock;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(core: KinesisCore, clock: Clock, port: number): Promise<HttpShell> {
    const shell = new HttpShell(core, clock);
    shell.#server.listen(port, '127.0.0.1');
    await once(shell.#server, 'listening');
    return shell;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A client that gives up in the middle of its request has asked nothing.
    request.on('error', () => response.destroy());
    request.on('end', () => this.#play(replyTo(this.#core, request, Buffer.concat(chunks)), response));
  }

  #play(reply: Reply, response: ServerResponse): void {
    switch (reply.type) {
      case 'answer': {
        const body = reply.answer === null ? '' : JSON.stringify(reply.answer, dataAsBase64);
        response.on('close', () => {
          if (!response.writableFinished) reply.unheard();
        });
        this.#later(reply.afterMs, () => {
          head(response, 200, body);
          if (reply.bodyMs === 0) response.end(body);
          else {
            response.write(body.slice(0, body.length >> 1));
            this.#later(reply.bodyMs, () => response.end(body.slice(body.length >> 1)));
          }
        });
        return;
      }
      case 'error': {
        const body = JSON.stringify({ __type: reply.code, message: reply.message });
        this.#later(reply.afterMs, () => {
          response.setHeader('x-amzn-errortype', reply.code);
          head(response, reply.status, body);
          response.end(body);
        });
        return;
      }
      case 'reset':
        this.#later(reply.afterMs, () => response.socket?.resetAndDestroy());
        return;
      case 'hang':
        return;
    }
  }

  #later(delayMs: number, act: () => void): void {
    if (delayMs === 0) act();
    else this.#clock.setTimer(delayMs, act);
  }
}

function head(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/x-amz-json-1.1');
  response.setHeader('Content-Length', Buffer.byteLength(body));
}

function replyTo(core: KinesisCore, request: IncomingMessage, body: Buffer): Reply {
  const refused = (code: string, message: string): Reply => ({
    type: 'error',
    code,
    message,
    status: 400,
    afterMs: 0,
  });
  const target = String(request.headers['x-amz-target'] ?? '');
  const name = target.startsWith(TARGET) ? target.slice(TARGET.length) : '';
  if (!CALLS.has(name)) return refused('UnknownOperationException', `the simulator has no call '${target}'`);
  if (request.headers.authorization === undefined) {
    return refused('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  let input: Call['input'];
  try {
    input = JSON.parse(body.toString()) as Call['input'];
  } catch {
    return refused('SerializationException', 'the body is no JSON');
  }
  decodeData(input);
  return core.call({ name, input } as Call);
}

/** Data comes as base64, in a request of one record or of many. */
function decodeData(input: object): void {
  const { Records, Data } = input as { Records?: unknown; Data?: unknown };
  if (typeof Data === 'string') Object.assign(input, { Data: Buffer.from(Data, 'base64') });
  if (Array.isArray(Records)) for (const record of Records) decodeData(record);
}

/** A Buffer has become `{ type, data }` by the time a replacer sees it, so the holder is asked. */
function dataAsBase64(this: object, key: string, value: unknown): unknown {
  if (key !== 'Data') return value;
  const data = (this as { Data: unknown }).Data;
  return data instanceof Uint8Array
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
    : value;
}
