/** Run by `npx vitest run vitest.test.mjs`, in a project that has vitest. */
import { withApplication } from 'beamline/testing';
import { expect, test, vi } from 'vitest';
import { shardKey } from './shard-key.mjs';
import { SignUp, signUp } from './sign-up.mjs';

test('a sign-up goes to its stream, under its user', () =>
  withApplication(async ({ app, adapter }) => {
    const spy = vi.spyOn(shardKey, 'of'); // handlers run here, so a spy sees them
    signUp('U-1');
    await app.flush();
    expect(adapter.recorded(SignUp)).toEqual([{ user: 'U-1', step: 'start' }]);
    expect(adapter.messages('signup')[0].partitionKey).toBe('u-1');
    expect(spy).toHaveBeenCalledOnce();
    spy.mockRestore();
  }));

test('an outage loses nothing', () =>
  withApplication(async ({ app, adapter }) => {
    adapter.failNext(3, 'ServiceUnavailable');
    signUp('u-1');
    expect((await app.flush()).delivered).toBe(1);
  }));
