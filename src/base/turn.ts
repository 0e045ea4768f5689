/** The event loop's turns: for whoever has so much to do that others have to get theirs in between. */

/** Resolves in the next turn, when what has come meanwhile has been seen to. */
export function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
