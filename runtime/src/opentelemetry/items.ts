/** Streams within spans. */
import { type Context, context as contexts } from '@opentelemetry/api';
import type { ItemSource, ItemStream } from '../schema/description.js';
import { hasBatches } from '../streaming/produce.js';

/** How a stream ended: whether it threw, and what. */
export type ItemsEnd = { readonly threw: false } | { readonly threw: true; readonly error: unknown };

/** The same items, each asked for within the context. When they have ended, or are left, that is told once. */
export function watchItems<Item>(
  source: ItemSource<Item>,
  within: Context,
  onEnd: (end: ItemsEnd) => void,
): ItemSource<Item> {
  const iterable = {
    [Symbol.asyncIterator]: () =>
      watch(within, onEnd, () =>
        Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator](),
      ),
  };
  if (!hasBatches(source)) return iterable;
  const batches = {
    [Symbol.asyncIterator]: () => watch(within, onEnd, () => source.batches()[Symbol.asyncIterator]()),
  };
  const stream: ItemStream<Item> = { ...iterable, batches: () => batches };
  return stream;
}

function watch<Item>(
  within: Context,
  onEnd: (end: ItemsEnd) => void,
  begin: () => Iterator<Item> | AsyncIterator<Item>,
): AsyncIterator<Item> {
  const iterator = contexts.with(within, begin);
  let isOver = false;
  const end = (how: ItemsEnd): void => {
    if (isOver) return;
    isOver = true;
    onEnd(how);
  };
  const ask = async (
    step: () => IteratorResult<Item> | PromiseLike<IteratorResult<Item>> | undefined,
  ): Promise<IteratorResult<Item>> => {
    try {
      const result = (await contexts.with(within, step)) ?? { done: true, value: undefined };
      if (result.done === true) end({ threw: false });
      return result;
    } catch (error) {
      end({ threw: true, error });
      throw error;
    }
  };
  return {
    next: () => ask(() => iterator.next()),
    return: () => ask(() => iterator.return?.()),
  };
}
