/** A stream with each item mapped. Not a generator: `return()` must reach the items at once, also while one is awaited. */
export function mapStream(
  items: AsyncIterableIterator<unknown>,
  map: (item: unknown) => unknown,
): AsyncIterableIterator<unknown> {
  const mapped = async (
    result: Promise<IteratorResult<unknown>> | undefined,
  ): Promise<IteratorResult<unknown, undefined>> => {
    const item = await result;
    if (item === undefined || item.done === true) return { done: true, value: undefined };
    return { done: false, value: map(item.value) };
  };
  return {
    next: () => mapped(items.next()),
    return: () => mapped(items.return?.()),
    throw: (error) => mapped(items.throw?.(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
