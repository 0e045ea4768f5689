/**
 * What is there at once on one thread and has to be asked for from another. On one thread nothing waits: a script
 * runs within the callback itself.
 */
export type Awaitable<Value> = Value | Promise<Value>;

export function after<Value, Next>(
  value: Awaitable<Value>,
  then: (value: Value) => Awaitable<Next>,
): Awaitable<Next> {
  return value instanceof Promise ? value.then(then) : then(value);
}

export function all<Value>(values: readonly Awaitable<Value>[]): Awaitable<readonly Value[]> {
  return values.some((value) => value instanceof Promise)
    ? Promise.all(values)
    : (values as readonly Value[]);
}
