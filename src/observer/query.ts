/** Numbers in the query of a request: what is no such number is answered with what would be one. */
import { type Answer, failure } from './answer.ts';

export function numberOf(
  query: URLSearchParams,
  name: string,
  min: number,
  max: number,
): number | undefined | Answer {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  return failure(
    400,
    'ERR_QUERY',
    `${name} must be a whole number from ${min} to ${max}; '${text.slice(0, 40)}' came`,
  );
}
