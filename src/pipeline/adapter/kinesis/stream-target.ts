/** What a text means as a stream: its name or its ARN. */
import type { StreamTarget } from './transport.ts';

const NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const ARN = /^arn:[^:]+:kinesis:[^:]+:\d{12}:stream\/[a-zA-Z0-9_.-]{1,128}$/;

/** `null` for what can be neither. */
export function streamTarget(text: string): StreamTarget | null {
  if (NAME.test(text)) return { type: 'name', name: text };
  return ARN.test(text) ? { type: 'arn', arn: text } : null;
}
