/** What an adapter gets from its surroundings, in a test: it writes down what it was told. */

import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { AdapterContext, AdapterEvent, RemoteFunction } from '../../src/pipeline/adapter/adapter.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

export interface TestContext extends AdapterContext {
  readonly log: LogLine[];
  readonly events: AdapterEvent[];
}

export interface TestContextParts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly functions?: Readonly<Record<string, RemoteFunction>>;
}

export function testContext(parts: TestContextParts = {}): TestContext {
  const log: LogLine[] = [];
  const events: AdapterEvent[] = [];
  const write = (level: LogLine['level']) => (_fields: object, message: string) => {
    log.push({ level, message });
  };
  return {
    recordType: 'TestEvent',
    clock: parts.clock ?? systemClock,
    random: parts.random ?? seededRandom(1),
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    functions: parts.functions ?? {},
    report: (event) => {
      events.push(event);
    },
    log,
    events,
  };
}

export const never: AbortSignal = new AbortController().signal;
