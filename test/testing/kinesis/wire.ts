/** Calls of the Kinesis API by plain HTTP, answered as they come. */

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function call(endpoint: string, action: string, input: object): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `Kinesis_20131202.${action}`,
      'X-Amz-Date': '20200101T000000Z',
      Authorization: 'AWS4-HMAC-SHA256 Credential=test, SignedHeaders=host, Signature=none',
    },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

export const base64 = (text: string) => Buffer.from(text).toString('base64');
