/** What a route is given, and how it finds the process that a request names. */
import type { ServerResponse } from 'node:http';
import type { Snapshot, TreeNode } from '../pipeline/view/snapshot-types.ts';
import { type Answer, failure } from './answer.ts';
import type { ParsedHandlerOptions } from './options.ts';
import type { ObservedApplication, Sampler } from './sampler.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  /** The parts of the path, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly lastEventId: string | undefined;
}

export interface Context {
  readonly app: ObservedApplication;
  readonly sampler: Sampler;
  readonly options: ParsedHandlerOptions;
  /** Opens an event stream, or says that there are too many. */
  readonly stream: (response: ServerResponse, request: Request) => void;
  readonly streamsLeft: () => number;
}

export function findNode({ nodes }: Snapshot, id: string): TreeNode | undefined {
  return nodes.find((node) => node.id === id || node.pid === id);
}

export function noProcess(id: string, { nodes }: Snapshot): Answer {
  const named = nodes.filter((node) => node.id !== node.pid).map((node) => node.id);
  return failure(
    404,
    'ERR_PROCESS',
    `there is no process '${id}': give a pid such as '<0.7>', or one of ${named.join(', ')}`,
  );
}
