import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { MD5_SHORT_MAX, md5Heads } from '../../../src/pipeline/adapter/kinesis/md5.ts';

const expected = (text: string) => Number(BigInt(`0x${createHash('md5').update(text).digest('hex')}`) >> 75n);

const heads = (first: string, second: string) => {
  const both = new Float64Array(2);
  md5Heads(first, second, both);
  return [...both];
};

describe('the MD5 of two short keys', () => {
  it('begins as that of node:crypto, at every length', () => {
    for (let length = 0; length <= MD5_SHORT_MAX; length++) {
      const text = 'x'.repeat(length);
      const other = 'y'.repeat(MD5_SHORT_MAX - length);
      expect(heads(text, other), `${length} characters`).to.deep.equal([expected(text), expected(other)]);
    }
  });

  it('begins as that of node:crypto, whatever the keys are', () => {
    const key = fc.string({ unit: 'binary-ascii', maxLength: MD5_SHORT_MAX });
    fc.assert(
      fc.property(key, key, (first, second) => {
        expect(heads(first, second)).to.deep.equal([expected(first), expected(second)]);
      }),
      { numRuns: 500 },
    );
  });

  it('is left to node:crypto where a character is not one byte, or there are too many', () => {
    for (const text of ['\u0080', 'k\u00e9y', '\u9375', 'abc\u{1f511}', 'x'.repeat(MD5_SHORT_MAX + 1)]) {
      expect(heads(text, 'k')).to.deep.equal([-1, expected('k')]);
      expect(heads('k', text)).to.deep.equal([expected('k'), -1]);
    }
  });
});
