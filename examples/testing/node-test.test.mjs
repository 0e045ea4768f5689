/** Run by `node --test examples/testing/node-test.test.mjs`. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { withApplication } from 'beamline/testing';
import { shardKey } from './shard-key.mjs';
import { SignUp, signUp } from './sign-up.mjs';

const quiet = () => {};
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => silent };

test('a sign-up goes to its stream, under its user', () =>
  withApplication(async ({ app, adapter }) => {
    const spy = mock.method(shardKey, 'of'); // handlers run here, so a spy sees them
    signUp('U-1');
    await app.flush();
    assert.deepEqual(adapter.recorded(SignUp), [{ user: 'U-1', step: 'start' }]);
    const [message] = adapter.messages('signup');
    assert.equal(message.partitionKey, 'u-1');
    assert.equal(JSON.parse(message.data).step, 'start');
    assert.equal(spy.mock.callCount(), 1);
    spy.mock.restore();
  }));

test('what the schema does not take is refused here as in production', () =>
  withApplication({ logger: silent }, async ({ app, adapter }) => {
    assert.equal(SignUp.record({ user: 'u-1', step: 'leave' }), false);
    await assert.rejects(SignUp.recordAndConfirm({ user: 7, step: 'start' }), { code: 'ERR_EVENT_INVALID' });
    assert.deepEqual(adapter.recorded(SignUp), []);
    assert.equal(app.ledger().invalid, 2);
  }));

test('an outage loses nothing', () =>
  withApplication(async ({ app, adapter }) => {
    adapter.failNext(3, 'ServiceUnavailable');
    signUp('u-1');
    assert.equal((await app.flush()).delivered, 1);
  }));

test('what can never be delivered is dead-lettered', async () => {
  const letters = [];
  await withApplication({ deadLetter: (letter) => void letters.push(letter) }, async ({ app, adapter }) => {
    adapter.failNext(Infinity, { code: 'InvalidArgument', retryable: false });
    signUp('u-1');
    assert.equal((await app.flush()).deadLettered, 1);
  });
  assert.equal(letters[0].data.user, 'u-1');
});
