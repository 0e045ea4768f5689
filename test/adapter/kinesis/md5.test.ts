import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { KeyBytes } from '../../../src/pipeline/adapter/kinesis/key-bytes.ts';
import {
  BLOCK_KEY_MAX,
  endBlock,
  FIRST,
  readKey,
  SECOND,
} from '../../../src/pipeline/adapter/kinesis/key-words.ts';
import { md5Heads } from '../../../src/pipeline/adapter/kinesis/md5.ts';

const expected = (text: string) => Number(BigInt(`0x${createHash('md5').update(text).digest('hex')}`) >> 75n);

const heads = (first: string, second: string) => {
  const both = new Float64Array(2);
  const { view, ends } = new KeyBytes([first, second]);
  const [end = 0, all = 0] = ends;
  readKey(view, 0, end, FIRST);
  readKey(view, end, all - end, SECOND);
  endBlock(FIRST);
  endBlock(SECOND);
  md5Heads(both);
  return [...both];
};

describe('the MD5 of two short keys', () => {
  it('begins as that of node:crypto, at every length', () => {
    for (let length = 0; length <= BLOCK_KEY_MAX; length++) {
      const text = 'x'.repeat(length);
      const other = 'y'.repeat(BLOCK_KEY_MAX - length);
      expect(heads(text, other), `${length} characters`).to.deep.equal([expected(text), expected(other)]);
    }
  });

  it('begins as that of node:crypto, whatever the keys are', () => {
    const key = fc.string({ unit: 'binary-ascii', maxLength: BLOCK_KEY_MAX });
    fc.assert(
      fc.property(key, key, (first, second) => {
        expect(heads(first, second)).to.deep.equal([expected(first), expected(second)]);
      }),
      { numRuns: 500 },
    );
  });

  it('is that of their bytes', () => {
    for (const text of ['\u0080', 'k\u00e9y', '\u9375', 'abc\u{1f511}', '\ud800'])
      expect(heads(text, 'k')).to.deep.equal([expected(text), expected('k')]);
  });
});
