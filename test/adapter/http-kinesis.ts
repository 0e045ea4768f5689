/**
 * The least of a Kinesis that speaks HTTP: it takes everything, unless `refuse` says otherwise, and remembers who
 * asked for what over how many connections.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { cert, key } from './fixture/tls.ts';

export interface HttpRequest {
  readonly accessKeyId: string;
  /** When it was signed, as its signer sees it: milliseconds since the Unix epoch. */
  readonly signedAt: number;
  /** Whether what was signed is the body that came. */
  readonly signsBody: boolean;
  readonly body: Record<string, unknown>;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
}

export class HttpKinesis {
  readonly requests: HttpRequest[] = [];
  readonly taken: string[] = [];
  connections = 0;
  /** How far its clock is ahead. */
  aheadMs = 0;
  refuse: (request: HttpRequest) => Refusal | null = () => null;
  /** What it answers with status 200 in place of the usual; `null`: the usual. */
  answer: () => string | null = () => null;
  readonly #server: Server;
  readonly #scheme: 'http' | 'https';

  private constructor(scheme: 'http' | 'https') {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#scheme = scheme;
    this.#server = scheme === 'http' ? createServer(answer) : createTlsServer({ key, cert }, answer);
    this.#server.on(scheme === 'http' ? 'connection' : 'secureConnection', () => {
      this.connections++;
    });
  }

  static async start(scheme: 'http' | 'https' = 'http'): Promise<HttpKinesis> {
    const started = new HttpKinesis(scheme);
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get endpoint(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  now(): number {
    return Date.now() + this.aheadMs;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const body = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const signsBody =
      request.headers['x-amz-content-sha256'] === createHash('sha256').update(bytes).digest('hex');
    const accessKeyId = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const stamp = String(request.headers['x-amz-date']);
    const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
    const asked = { accessKeyId, body, signsBody, signedAt: Date.parse(iso) };
    response.setHeader('Date', new Date(this.now()).toUTCString());
    this.requests.push(asked);
    const refusal = this.refuse(asked);
    response.setHeader('Content-Type', 'application/x-amz-json-1.1');
    if (refusal !== null) {
      response.statusCode = refusal.status;
      response.end(JSON.stringify({ __type: refusal.code, message: refusal.message ?? refusal.code }));
      return;
    }
    const given = this.answer();
    if (given !== null) {
      response.end(given);
      return;
    }
    const records = body.Records as { Data: string }[];
    for (const { Data } of records) this.taken.push(Buffer.from(Data, 'base64').toString());
    const Records = records.map(() => ({ SequenceNumber: '1', ShardId: 'shardId-000000000000' }));
    response.end(JSON.stringify({ FailedRecordCount: 0, Records }));
  }
}
