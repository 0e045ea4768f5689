/** Long bodies are put into words piece by piece: the words are the same, and others get their turn in between. */
import { expect } from 'chai';
import { jsonPieces } from '../../src/observer/json-text.ts';

async function piecesOf(body: unknown): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of jsonPieces(body)) pieces.push(piece);
  return pieces;
}

describe('The text of a body', () => {
  const nodes = Array.from({ length: 1001 }, (_, n) => ({ id: `<1.${n}>`, name: 'Consumer "é"' }));
  for (const [what, body] of [
    ['a long list', { takenAt: 5, nodes, truncated: false }],
    ['two long lists, one after the other', { nodes, again: nodes }],
    ['nothing', {}],
    ['short lists, nothing and null', { list: [1, 2], none: undefined, nil: null, empty: [] }],
    ['no object', 'text'],
    ['null', null],
    ['a list', nodes],
  ] as const)
    it(`of ${what} is what JSON.stringify gives`, async () => {
      expect((await piecesOf(body)).join('')).to.equal(JSON.stringify(body));
    });

  it('leaves the event loop its turns', async () => {
    let turns = 0;
    const count = (): void => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    expect(await piecesOf({ nodes })).to.have.length(7);
    clearImmediate(next);
    expect(turns).to.be.greaterThan(3);
  });
});
