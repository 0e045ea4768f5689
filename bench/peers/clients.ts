/** The peers' clients, from where `npm run peers` has installed them. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

const require = createRequire(join(ROOT, 'bench/peers/package.json'));

export interface Segment {
  track(event: { userId: string; event: string; properties: object }): void;
  on(event: 'error', listener: () => void): void;
  closeAndFlush(options: { timeout: number }): Promise<unknown>;
}

export function segment(host: string): Segment {
  const { Analytics } = require('@segment/analytics-node') as { Analytics: new (options: object) => Segment };
  return new Analytics({ writeKey: 'peers', host });
}

export interface PostHog {
  capture(event: { distinctId: string; event: string; properties: object }): void;
  on(event: 'error', listener: () => void): void;
  shutdown(timeoutMs: number): Promise<unknown>;
}

export function posthog(host: string): PostHog {
  const { PostHog } = require('posthog-node') as {
    PostHog: new (key: string, options: object) => PostHog;
  };
  return new PostHog('phc_peers', { host });
}
