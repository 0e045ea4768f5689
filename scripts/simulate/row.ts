/** A row of the table: a story, what it is to reach, and what came of it. */
export interface Row {
  readonly name: string;
  readonly what: string;
  readonly target: string;
  readonly play: () => Promise<Result>;
}

export interface Result {
  readonly reached: boolean;
  readonly result: string;
  readonly figures: Readonly<Record<string, number>>;
}
