/** A map of which each member of a group has a copy. */
import { encodeDynamic } from '../../marshalling/dynamic.js';
import { MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';
import { Order } from '../message.js';
import type { GroupPart, GroupPort, StatePart } from '../port.js';
import { type BlockPort, blockName, openBlock } from './block-port.js';
import { hasLeft, Operations } from './operations.js';
import { readRecords, writeRecords } from './records.js';
import { anyValue, bytesOf, decodeList, type ValueCodec, wholeNumber } from './values.js';

/** What keys may be. */
export type MapKey = string | number | boolean;

/** How a map is made. */
export interface ReplicatedMapOptions<K extends MapKey, V> {
  /**
   * In which order the members write. Default: total, so that all copies are the same. With fifo and causal they are only
   * where no two members write the same key.
   */
  readonly order?: 'fifo' | 'causal' | 'total';
  /** Uniform agreement: written nowhere before a majority of the view has it. Default: false. */
  readonly safe?: boolean;
  /** How values are written. Default: as MessagePack. */
  readonly codec?: ValueCodec<V>;
  /**
   * What a key is worth after a merge of two sides that both have it. Keys that one side has are kept, those that it had
   * deleted too. Without it all have the map of the leading side.
   */
  readonly merge?: (one: V, other: V, key: K) => V;
}

/**
 * What has changed.
 *
 * @prop kind - tells the changes apart
 * @prop key - whose value it is
 * @prop value - the new one
 */
export type MapChange<K extends MapKey, V> =
  | { readonly kind: 'set'; readonly key: K; readonly value: V }
  | { readonly kind: 'delete'; readonly key: K }
  | { readonly kind: 'clear' }
  /** All of it may have: the state of the group was loaded or merged. */
  | { readonly kind: 'load' };

const set = 0;
const del = 1;
const clear = 2;

/** Reads are local and at once; writes are multicast, and their promises resolve when the local copy has them. */
export class ReplicatedMap<K extends MapKey = string, V = unknown> implements GroupPart, Iterable<[K, V]> {
  /** Which map of its group it is. */
  readonly name: string;
  private readonly options: ReplicatedMapOptions<K, V>;
  private readonly codec: ValueCodec<V>;
  private readonly listeners = new Set<(change: MapChange<K, V>) => void>();
  /** Whether the key was there. */
  private readonly operations = new Operations<boolean>();
  private content = new Map<K, V>();
  private block: BlockPort | undefined;

  /**
   * Makes it; it takes part once it is handed to `join`.
   *
   * @param name the same at all members, and of no other block of the group
   */
  constructor(name: string, options: ReplicatedMapOptions<K, V> = {}) {
    this.name = name;
    this.options = options;
    this.codec = options.codec ?? (anyValue as ValueCodec<V>);
  }

  /** Called by `join`. */
  attach(port: GroupPort): void {
    this.block = openBlock(port, 'map', this.name, (from, body) => this.take(from, body));
    port.subscribe(event => {
      if (event.type === 'view') this.operations.retain(event.view);
      else if (event.type === 'end') this.operations.fail(hasLeft(this.title));
    });
    port.addState(this.state());
  }

  /** How many keys it has. */
  get size(): number {
    return this.content.size;
  }

  /** The local copy's value. */
  get(key: K): V | undefined {
    return this.content.get(key);
  }

  /** Whether the local copy has the key. */
  has(key: K): boolean {
    return this.content.has(key);
  }

  /** The keys of the local copy, in the order in which they came. */
  keys(): MapIterator<K> {
    return this.content.keys();
  }

  /** The values of the local copy, in the order of the keys. */
  values(): MapIterator<V> {
    return this.content.values();
  }

  /** Keys and values of the local copy. */
  entries(): MapIterator<[K, V]> {
    return this.content.entries();
  }

  /** As `entries`. */
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.content.entries();
  }

  /** Resolves when the local copy has the value; the copies of the others have it then or soon. */
  async set(key: K, value: V): Promise<void> {
    await this.send([set, key, this.codec.encode(value)]);
  }

  /** @returns whether the key was there */
  delete(key: K): Promise<boolean> {
    return this.send([del, key]);
  }

  /** Deletes all keys. */
  async clear(): Promise<void> {
    await this.send([clear]);
  }

  /**
   * Has the listener told of each change of the local copy, after it was made.
   *
   * @returns how the listener stops to be told
   */
  onChange(listener: (change: MapChange<K, V>) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private get title(): string {
    return `the map '${this.name}'`;
  }

  private async send(operation: readonly unknown[]): Promise<boolean> {
    const { order = 'total', safe = false } = this.options;
    return this.operations.begin(this.block?.port, this.title, number =>
      this.block!.multicast(encodeDynamic([number, ...operation]), { order: Order[order], safe }),
    );
  }

  private take(from: MemberId, body: Uint8Array): void {
    const [number, operation, key, value] = decodeList(body, 2);
    const count = wholeNumber(number);
    const change = this.changeOf(operation, key, value);
    const had = change.kind === 'clear' ? this.size > 0 : this.has(key as K);
    if (change.kind === 'set') this.content.set(change.key, change.value);
    else if (change.kind === 'delete') this.content.delete(change.key);
    else this.content.clear();
    this.operations.done(from === this.block!.port.self.id, from, count, had);
    this.tell(change);
  }

  private changeOf(
    operation: unknown,
    key: unknown,
    value: unknown,
  ): Exclude<MapChange<K, V>, { kind: 'load' }> {
    if (operation === clear) return { kind: 'clear' };
    if (operation === del) return { kind: 'delete', key: keyOf(key) as K };
    if (operation !== set) throw new MalformedBytes('no operation of a map');
    return { kind: 'set', key: keyOf(key) as K, value: this.codec.decode(bytesOf(value)) };
  }

  private tell(change: MapChange<K, V>): void {
    for (const listener of [...this.listeners]) listener(change);
  }

  private state(): StatePart {
    const { merge } = this.options;
    const load = async (
      pieces: AsyncIterable<Uint8Array>,
      take: (key: K, value: V) => void,
    ): Promise<void> => {
      let isFirst = true;
      for await (const record of readRecords(pieces)) {
        const list = decodeList(record, 0);
        if (isFirst) this.operations.load(this.block!.port.self.id, list, result => result === true);
        else take(keyOf(list[0]) as K, this.codec.decode(bytesOf(list[1])));
        isFirst = false;
      }
      this.tell({ kind: 'load' });
    };
    return {
      name: blockName('map', this.name),
      save: () => writeRecords(this.records()),
      load: pieces => {
        this.content = new Map();
        return load(pieces, (key, value) => this.content.set(key, value));
      },
      ...(merge && {
        merge: (pieces: AsyncIterable<Uint8Array>) =>
          load(pieces, (key, value) => {
            this.content.set(key, this.content.has(key) ? merge(this.content.get(key)!, value, key) : value);
          }),
      }),
    };
  }

  private *records(): Generator<Uint8Array> {
    yield encodeDynamic(this.operations.save(result => result));
    for (const [key, value] of this.content) yield encodeDynamic([key, this.codec.encode(value)]);
  }
}

function keyOf(key: unknown): MapKey {
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') return key;
  throw new MalformedBytes('no key of a map');
}
