/** Keeps the context of a call for all that its procedure does, by Node's AsyncLocalStorage. */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { provideCurrentContext } from '../schema/current-context.js';
import type { CallContext, DispatchEntry, ItemSource } from '../schema/description.js';

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
  if (procedure.shape === 'unary' || procedure.shape === 'client-stream') return { procedure, invoke };
  return {
    procedure,
    invoke: async (values, context, items) => within(storage, context, await invoke(values, context, items)),
  };
}

/** A generator runs in the context of whoever asks it for its next item, so asking has to bring the call's. */
function within(storage: Storage, context: CallContext, given: unknown): AsyncIterable<unknown> {
  const source = given as ItemSource<unknown>;
  return {
    [Symbol.asyncIterator]() {
      const iterator =
        Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
      return {
        next: async () => storage.run(context, () => iterator.next()),
        return: async () =>
          storage.run(context, () => iterator.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}
