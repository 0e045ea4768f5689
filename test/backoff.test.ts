import { expect } from 'chai';
import { backoffDelay } from '../src/base/backoff.ts';

describe('backoffDelay', () => {
  const backoff = { initialMs: 200, maxMs: 30_000, factor: 2, jitter: 1 };

  it('doubles up to its maximum', () => {
    const delays = [1, 2, 3, 8, 9, 5000].map((attempt) => backoffDelay(backoff, attempt, () => 0));
    expect(delays).to.deep.equal([200, 400, 800, 25_600, 30_000, 30_000]);
  });

  it('leaves the share of jitter to chance', () => {
    expect(backoffDelay(backoff, 2, () => 0.75)).to.equal(100);
    expect(backoffDelay({ ...backoff, jitter: 0.5 }, 2, () => 0.5)).to.equal(300);
    expect(backoffDelay({ ...backoff, jitter: 0 }, 2, () => 0.9)).to.equal(400);
  });
});
