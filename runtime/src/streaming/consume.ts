/** The items of a stream, for whoever consumes them. */
import { MarshalError } from '../marshalling/errors.js';
import { Reader } from '../marshalling/reader.js';
import type { Batch, StreamReceiver } from '../request-reply/stream-receiver.js';
import type { ItemStream } from '../schema/description.js';

export interface ConsumerOptions<Item> {
  /** Called when the first item is asked for. @throws CallError when the call cannot begin */
  open(): StreamReceiver;
  read(reader: Reader): Item;
  /** The consumer left before the end. */
  leave(): void;
  /** What the consumer is told when an item is not what was declared; nothing more is read then. */
  misfit(error: MarshalError): unknown;
}

type Pulled<Item> = readonly Item[] | undefined;

const reader = new Reader();

/** Makes of what a receiver gets a stream of items. */
export function consume<Item>(options: ConsumerOptions<Item>): ItemStream<Item> {
  let consumed = false;
  const source = (): Source<Item> => {
    if (consumed) throw new TypeError('a stream has one consumer: it was consumed already');
    consumed = true;
    return new Source(options);
  };
  return {
    [Symbol.asyncIterator]: () => new ItemIterator(source()),
    batches: () => ({ [Symbol.asyncIterator]: () => new BatchIterator(source()) }),
  };
}

/** Where batches of items are pulled from, one after the other. */
class Source<Item> {
  private readonly options: ConsumerOptions<Item>;
  private receiver: StreamReceiver | undefined;
  private isOver = false;

  constructor(options: ConsumerOptions<Item>) {
    this.options = options;
  }

  /** The next items: at once where some are there; `undefined` after the last. @throws what ended the stream early */
  pull(): Pulled<Item> | Promise<Pulled<Item>> {
    if (this.isOver) return undefined;
    try {
      this.receiver ??= this.options.open();
      const batch = this.receiver.take();
      if (batch !== undefined) return this.unmarshal(batch);
      if (!this.receiver.isDrained) return this.wait(this.receiver);
      this.isOver = true;
      if (this.receiver.error !== undefined) throw this.receiver.error;
      return undefined;
    } catch (error) {
      this.isOver = true;
      throw this.told(error);
    }
  }

  /** The consumer wants no more. */
  leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.receiver === undefined) return;
    this.receiver.onArrival?.();
    this.receiver.drop();
    this.options.leave();
  }

  private async wait(receiver: StreamReceiver): Promise<Pulled<Item>> {
    await new Promise<void>(resolve => {
      receiver.onArrival = resolve;
    });
    receiver.onArrival = undefined;
    return this.pull();
  }

  private unmarshal({ bytes, start, end, items: count }: Batch): readonly Item[] {
    const items: Item[] = [];
    let at = start;
    for (let index = 0; index < count; index++) {
      items.push(this.options.read(reader.reset(bytes, at, end)));
      at = reader.position;
    }
    if (at !== end) throw new MarshalError('bytes are left over behind the items of a segment');
    return items;
  }

  private told(error: unknown): unknown {
    if (!(error instanceof MarshalError)) return error;
    this.receiver?.drop();
    this.options.leave();
    return this.options.misfit(error);
  }
}

const done = { done: true, value: undefined } as const;

/** Calls of `next` that do not wait for each other are answered in order. */
abstract class QueuedIterator<Value> implements AsyncIterator<Value, undefined> {
  private last: Promise<IteratorResult<Value, undefined>> | undefined;

  protected abstract step(): IteratorResult<Value, undefined> | Promise<IteratorResult<Value, undefined>>;
  protected abstract leave(): void;

  next(): Promise<IteratorResult<Value, undefined>> {
    if (this.last !== undefined) return this.queue(this.last);
    try {
      const result = this.step();
      return result instanceof Promise ? this.queue(undefined, result) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    this.leave();
    return Promise.resolve(done);
  }

  private queue(
    before: Promise<unknown> | undefined,
    result?: Promise<IteratorResult<Value, undefined>>,
  ): Promise<IteratorResult<Value, undefined>> {
    const step = () => this.step();
    const answer = result ?? before!.then(step, step);
    this.last = answer;
    const forget = () => {
      if (this.last === answer) this.last = undefined;
    };
    answer.then(forget, forget);
    return answer;
  }
}

class ItemIterator<Item> extends QueuedIterator<Item> {
  private readonly source: Source<Item>;
  private batch: readonly Item[] = [];
  private at = 0;

  constructor(source: Source<Item>) {
    super();
    this.source = source;
  }

  protected step(): IteratorResult<Item, undefined> | Promise<IteratorResult<Item, undefined>> {
    if (this.at < this.batch.length) return { done: false, value: this.batch[this.at++]! };
    const pulled = this.source.pull();
    return pulled instanceof Promise ? pulled.then(batch => this.first(batch)) : this.first(pulled);
  }

  protected leave(): void {
    this.batch = [];
    this.source.leave();
  }

  private first(batch: Pulled<Item>): IteratorResult<Item, undefined> {
    if (batch === undefined) return done;
    this.batch = batch;
    this.at = 1;
    return { done: false, value: batch[0]! };
  }
}

class BatchIterator<Item> extends QueuedIterator<readonly Item[]> {
  private readonly source: Source<Item>;

  constructor(source: Source<Item>) {
    super();
    this.source = source;
  }

  protected step() {
    const pulled = this.source.pull();
    return pulled instanceof Promise ? pulled.then(asResult) : asResult(pulled);
  }

  protected leave(): void {
    this.source.leave();
  }
}

function asResult<Item>(batch: Pulled<Item>): IteratorResult<readonly Item[], undefined> {
  return batch === undefined ? done : { done: false, value: batch };
}
