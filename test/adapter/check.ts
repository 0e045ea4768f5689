/** Runs a table of cases through one function; the case's name says what is expected of it. */
import { expect } from 'chai';

export interface Case<Input, Output> {
  readonly name: string;
  readonly given: Input;
  readonly expected: Output;
}

export function check<Input, Output>(
  decide: (given: Input) => Output,
  cases: readonly Case<Input, Output>[],
): void {
  for (const { name, given, expected } of cases) {
    it(name, () => {
      expect(decide(given)).to.deep.equal(expected);
    });
  }
}
