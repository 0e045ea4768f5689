import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { MD5_SHORT_MAX, md5Head } from '../../../src/pipeline/adapter/kinesis/md5.ts';

const expected = (text: string) => Number(BigInt(`0x${createHash('md5').update(text).digest('hex')}`) >> 75n);

describe('the MD5 of a short key', () => {
  it('begins as that of node:crypto, at every length', () => {
    for (let length = 0; length <= MD5_SHORT_MAX; length++) {
      const text = 'x'.repeat(length);
      expect(md5Head(text), `${length} characters`).to.equal(expected(text));
    }
  });

  it('begins as that of node:crypto, whatever the key is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: MD5_SHORT_MAX }), (text) => {
        expect(md5Head(text)).to.equal(expected(text));
      }),
      { numRuns: 500 },
    );
  });

  it('is left to node:crypto where a character is not one byte', () => {
    for (const text of ['\u0080', 'k\u00e9y', '\u9375', 'abc\u{1f511}']) expect(md5Head(text)).to.equal(-1);
  });
});
