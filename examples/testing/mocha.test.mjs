/** Run by `npx mocha examples/testing/mocha.test.mjs`. */

import { Application } from 'beamline';
import { memory } from 'beamline/testing';
import { expect } from 'chai';
import sinon from 'sinon';
import { shardKey } from './shard-key.mjs';
import { SignUp, signUp } from './sign-up.mjs';

describe('A sign-up', () => {
  let app;
  let adapter;
  // The same as withApplication() does, in hooks.
  beforeEach(async () => {
    adapter = memory();
    app = await Application.start({ adapter, isolation: 'inline', flushIntervalMs: 10 });
  });
  afterEach(async () => {
    sinon.restore();
    await app.stop();
  });

  it('goes to its stream, under its user', async () => {
    const spy = sinon.spy(shardKey, 'of'); // handlers run here, so a spy sees them
    signUp('U-1');
    await app.flush();
    expect(adapter.recorded(SignUp)).to.deep.equal([{ user: 'U-1', step: 'start' }]);
    expect(adapter.messages('signup')[0].partitionKey).to.equal('u-1');
    sinon.assert.calledOnceWithExactly(spy, 'U-1');
  });

  it('is not lost in an outage', async () => {
    adapter.failNext(3, 'ServiceUnavailable');
    signUp('u-1');
    expect(await app.flush()).to.include({ delivered: 1, pending: 0 });
  });
});
