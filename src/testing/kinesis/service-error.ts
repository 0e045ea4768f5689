/** An error as the service answers with it: a stable code, a text and an HTTP status. */

const STATUS = new Map<string, number>([
  ['InternalFailure', 500],
  ['InternalFailureException', 500],
  ['ServiceUnavailable', 503],
]);

export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = STATUS.get(code) ?? 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const ACCOUNT = '111122223333';

export function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgumentException', message);
}

/** One member of a request breaks a rule of the API's model. */
export function breaksRule(value: string, member: string, rule: string): ServiceError {
  return new ServiceError(
    'ValidationException',
    `1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: Member must ${rule}`,
  );
}

export function noStream(name: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', `Stream ${name} under account ${ACCOUNT} not found.`);
}

export function noShard(shardId: string, stream: string): ServiceError {
  return new ServiceError(
    'ResourceNotFoundException',
    `Could not find shard ${shardId} in stream ${stream} under account ${ACCOUNT}.`,
  );
}
