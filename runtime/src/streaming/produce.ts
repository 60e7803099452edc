/** Puts the items of a source into a stream, as fast as its consumer takes them. */
import { MarshalError } from '../marshalling/errors.js';
import { Writer } from '../marshalling/writer.js';
import type { StreamSender } from '../request-reply/stream-sender.js';
import type { ItemSource, ItemStream } from '../schema/description.js';

/** Where items are marshalled before they are cut into segments; what was written is never written again. */
const arena = new Writer();

export type WriteItem<Item> = (writer: Writer, item: Item) => void;

/**
 * Asks the source for items while there is room for them, until it ends or the stream is closed; then the source is told
 * by `return`, as when a `for await` is left.
 *
 * @throws what the source throws, and MarshalError when an item does not fit its type
 */
export async function produce<Item>(
  source: ItemSource<Item>,
  sender: StreamSender,
  write: WriteItem<Item>,
): Promise<void> {
  if (hasBatches(source)) await produceBatches(source.batches(), sender, write);
  else if (Symbol.asyncIterator in source) await produceEach(source[Symbol.asyncIterator](), sender, write);
  else await produceAll(source, sender, write);
  sender.end();
}

async function produceEach<Item>(
  iterator: AsyncIterator<Item>,
  sender: StreamSender,
  write: WriteItem<Item>,
): Promise<void> {
  // While the source works on its next item nobody else would tell it that none is wanted.
  let isOver = false;
  const stop = (): void => {
    if (!sender.isClosed || isOver) return;
    isOver = true;
    iterator.return?.()?.then(undefined, ignore);
  };
  sender.onRoom = stop;
  try {
    while (!sender.isClosed) {
      if (!sender.hasRoom) {
        await room(sender);
        sender.onRoom = stop;
        continue;
      }
      const { done, value } = await iterator.next();
      if (done === true) {
        isOver = true;
        return;
      }
      push(sender, write, value);
    }
  } catch (error) {
    // What it threw itself has ended it.
    if (error instanceof MarshalError) iterator.return?.()?.then(undefined, ignore);
    isOver = true;
    throw error;
  } finally {
    stop();
    sender.onRoom = undefined;
  }
}

async function produceBatches<Item>(
  batches: AsyncIterable<readonly Item[]>,
  sender: StreamSender,
  write: WriteItem<Item>,
): Promise<void> {
  for await (const batch of batches) {
    await produceAll(batch, sender, write);
    if (sender.isClosed) return;
  }
}

async function produceAll<Item>(
  items: Iterable<Item>,
  sender: StreamSender,
  write: WriteItem<Item>,
): Promise<void> {
  for (const item of items) {
    while (!sender.hasRoom && !sender.isClosed) await room(sender);
    if (sender.isClosed) return;
    push(sender, write, item);
  }
}

function push<Item>(sender: StreamSender, write: WriteItem<Item>, item: Item): void {
  arena.begin();
  try {
    write(arena, item);
  } catch (error) {
    arena.abandon();
    throw error;
  }
  sender.push({ bytes: arena.buffer, start: arena.start, end: arena.position });
}

function room(sender: StreamSender): Promise<void> {
  return new Promise(resolve => {
    sender.onRoom = resolve;
  });
}

/** Whether a source gives its items in batches, as every stream that was received does. */
export function hasBatches<Item>(source: ItemSource<Item>): source is ItemStream<Item> {
  return typeof (source as Partial<ItemStream<Item>>).batches === 'function';
}

/** The call has ended: nobody is left who could be told. */
function ignore(): void {}
