/** Keeps the context of a call for all that its procedure does, by Node's AsyncLocalStorage. */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { provideCurrentContext } from '../schema/current-context.js';
import {
  type CallContext,
  type DispatchEntry,
  type ItemSource,
  type ItemStream,
  returnsStream,
} from '../schema/description.js';
import { hasBatches } from '../streaming/produce.js';

type Storage = AsyncLocalStorage<CallContext>;

/** One for all servers of the process, made by the first that asks for it: each has its calls run in it. */
let shared: Storage | undefined;

function storageOfProcess(): Storage {
  if (shared === undefined) {
    const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
    const storage: Storage = new AsyncLocalStorage();
    provideCurrentContext(() => storage.getStore());
    shared = storage;
  }
  return shared;
}

/** The entry whose procedure has its context as the current one. */
export function inheriting(entry: DispatchEntry): DispatchEntry {
  const storage = storageOfProcess();
  const { procedure } = entry;
  const invoke: DispatchEntry['invoke'] = (values, context, items) =>
    storage.run(context, () => entry.invoke(values, context, items));
  if (!returnsStream(procedure)) return { procedure, invoke };
  return {
    procedure,
    invoke: async (values, context, items) =>
      within(storage, context, (await invoke(values, context, items)) as ItemSource<unknown>),
  };
}

/** A generator runs in the context of whoever asks it for its next item, so asking has to bring the call's. */
function within<Item>(storage: Storage, context: CallContext, source: ItemSource<Item>): ItemSource<Item> {
  const iterable = {
    [Symbol.asyncIterator]: () =>
      asking(storage, context, () =>
        Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator](),
      ),
  };
  if (!hasBatches(source)) return iterable;
  const batches = {
    [Symbol.asyncIterator]: () => asking(storage, context, () => source.batches()[Symbol.asyncIterator]()),
  };
  const stream: ItemStream<Item> = { ...iterable, batches: () => batches };
  return stream;
}

function asking<Item>(
  storage: Storage,
  context: CallContext,
  begin: () => Iterator<Item> | AsyncIterator<Item>,
): AsyncIterator<Item> {
  const iterator = storage.run(context, begin);
  return {
    next: async () => storage.run(context, () => iterator.next()),
    return: async () => storage.run(context, () => iterator.return?.()) ?? { done: true, value: undefined },
  };
}
