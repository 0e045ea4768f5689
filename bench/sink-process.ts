/**
 * The counting sink: a process that speaks just enough of the Kinesis wire protocol to be faster than anything measured.
 * It counts the records of a PutRecords by the bytes `"PartitionKey"`, parses nothing, and says that all are delivered.
 *
 * By plain HTTP it takes requests apart itself. With `tls` it is Node's HTTP/2 server, which speaks HTTP/1.1 as well,
 * because the SDK's default handler wants HTTP/2.
 */
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { cert, key } from '../test/adapter/fixture/tls.ts';

export interface SinkCounts {
  readonly requests: number;
  readonly records: number;
  /** The body of the newest request with records. */
  readonly sample: string;
}

export type SinkMessage =
  | { readonly type: 'ready'; readonly port: number }
  | ({ readonly type: 'counts' } & SinkCounts);

const MARK = Buffer.from('"PartitionKey"');
const HEAD_END = Buffer.from('\r\n\r\n');
const RESULT =
  '{"SequenceNumber":"49590338271490256608559692538361571095921575989136588898","ShardId":"shardId-000000000000"}';

let requests = 0;
let records = 0;
let sample: Buffer = Buffer.alloc(0);
const answers = new Map<number, Buffer>();

function take(body: Buffer): Buffer {
  let count = 0;
  for (let at = body.indexOf(MARK); at !== -1; at = body.indexOf(MARK, at + MARK.length)) count++;
  requests++;
  records += count;
  if (count > 0) sample = body;
  let answer = answers.get(count);
  if (answer === undefined) {
    answer = Buffer.from(`{"FailedRecordCount":0,"Records":[${new Array(count).fill(RESULT).join(',')}]}`);
    answers.set(count, answer);
  }
  return answer;
}

function serve(socket: Socket): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = -1;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    for (;;) {
      if (wanted === -1) {
        const head = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
        const end = head.indexOf(HEAD_END);
        if (end === -1) return;
        const length = /content-length: *(\d+)/i.exec(head.toString('latin1', 0, end))?.[1];
        wanted = Number(length ?? 0);
        chunks = [head.subarray(end + HEAD_END.length)];
        size = chunks[0]?.length ?? 0;
      }
      if (size < wanted) return;
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      const answer = take(all.subarray(0, wanted));
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: ${answer.length}\r\n\r\n`,
      );
      socket.write(answer);
      chunks = size > wanted ? [all.subarray(wanted)] : [];
      size -= wanted;
      wanted = -1;
      if (size === 0) return;
    }
  });
}

function tell(message: SinkMessage): void {
  process.send?.(message);
}

const server =
  process.argv[2] === 'tls'
    ? createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          response.setHeader('Content-Type', 'application/x-amz-json-1.1');
          response.end(take(Buffer.concat(chunks)));
        });
      })
    : createServer(serve);
server.listen(0, '127.0.0.1', () => tell({ type: 'ready', port: (server.address() as AddressInfo).port }));
process.on('message', () => tell({ type: 'counts', requests, records, sample: sample.toString() }));
process.on('disconnect', () => process.exit());
