/** Long bodies are put into words piece by piece: the words are the same, and others get their turn in between. */
import { expect } from 'chai';
import { jsonText } from '../../src/observer/json-text.ts';

describe('The text of a body', () => {
  const nodes = Array.from({ length: 1001 }, (_, n) => ({ id: `<1.${n}>`, name: 'Consumer "é"' }));
  for (const [what, body] of [
    ['a long list', { takenAt: 5, nodes, truncated: false }],
    ['short lists, nothing and null', { list: [1, 2], none: undefined, nil: null, empty: [] }],
    ['no object', 'text'],
    ['null', null],
    ['a list', nodes],
  ] as const)
    it(`of ${what} is what JSON.stringify gives`, async () => {
      expect(await jsonText(body)).to.equal(JSON.stringify(body));
    });

  it('leaves the event loop its turns', async () => {
    let turns = 0;
    const count = (): void => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await jsonText({ nodes });
    clearImmediate(next);
    expect(turns).to.be.greaterThan(3);
  });
});
