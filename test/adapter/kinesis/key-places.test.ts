import { expect } from 'chai';
import { KeyBytes } from '../../../src/pipeline/adapter/kinesis/key-bytes.ts';
import { KeyPlaces } from '../../../src/pipeline/adapter/kinesis/key-places.ts';
import { FIRST, readKey, SECOND, type Which } from '../../../src/pipeline/adapter/kinesis/key-words.ts';

function read(key: string, which: Which): void {
  const { view, ends } = new KeyBytes([key]);
  readKey(view, 0, ends[0] as number, which);
}

function add(places: KeyPlaces, key: string, place: number): void {
  read(key, FIRST);
  places.add(FIRST, place);
}

function find(places: KeyPlaces, key: string): number {
  read(key, SECOND);
  return places.find(SECOND);
}

/** So many that some share a row, a part of their hash, or both. */
const MANY = 20_000;

describe('the places of keys that have come before', () => {
  it('are told of these keys alone, at every length', () => {
    const places = new KeyPlaces();
    for (let length = 1; length <= 256; length++) add(places, 'x'.repeat(length), 65_535 - length);
    for (let length = 1; length <= 256; length++) {
      expect(find(places, 'x'.repeat(length))).to.equal(65_535 - length);
      expect(find(places, `${'x'.repeat(length - 1)}y`)).to.equal(-1);
    }
  });

  it('are told of their bytes', () => {
    const places = new KeyPlaces();
    const keys = ['k\u00e9y', 'k\u00e9y\u0000', '\u9375', '\u{1f511}', 'key'];
    keys.forEach((key, i) => {
      add(places, key, i);
    });
    expect(keys.map((key) => find(places, key))).to.deep.equal([0, 1, 2, 3, 4]);
    expect(find(places, 'k\u00e8y')).to.equal(-1);
  });

  it('are not mistaken for those of others, however many there are', () => {
    const places = new KeyPlaces();
    for (let i = 0; i < MANY; i++) add(places, `user-${i}`, i);
    let known = 0;
    for (let i = 0; i < MANY; i++) {
      const place = find(places, `user-${i}`);
      if (place !== -1) {
        expect(place).to.equal(i);
        known++;
      }
      expect(find(places, `user-${i + MANY}`)).to.equal(-1);
    }
    // A row that is full gives one of its slots to the next.
    expect(known).to.be.within(0.9 * MANY, MANY);
  });

  it('are forgotten when there is no room, and taken up again', () => {
    const places = new KeyPlaces();
    const keys = Array.from({ length: 5_000 }, (_, i) => `${i}`.padStart(256, 'x'));
    keys.forEach((key, i) => {
      add(places, key, i);
      expect(find(places, key)).to.equal(i);
    });
    const found = keys.map((key) => find(places, key));
    expect(found.every((place, i) => place === -1 || place === i)).to.equal(true);
    expect(found[0]).to.equal(-1);
    expect(found.at(-1)).to.equal(keys.length - 1);
  });
});
