import { expect } from 'chai';
import { threadIdOf } from '../../src/threads/niceness.ts';

describe('The number of a thread', () => {
  it('is the last in the link that Linux has for it', () => {
    expect(threadIdOf('4711/task/4722', 4711)).to.equal(4722);
  });

  it('is not taken from a /proc that counts processes otherwise: it would be a thread of somebody else', () => {
    expect(() => threadIdOf('1/task/12', 4711)).to.throw('/proc/thread-self is 1/task/12, in process 4711');
    expect(() => threadIdOf('thread-self', 4711)).to.throw();
  });
});
