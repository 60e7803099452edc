/** Notifications to all members of a group. */
import type { MemberAddress } from '../member.js';
import { Order } from '../message.js';
import type { GroupPart, GroupPort } from '../port.js';
import { type BlockPort, openBlock } from './block-port.js';
import { hasLeft, notJoined } from './operations.js';
import { anyValue, type ValueCodec } from './values.js';

/** How a bus is made. */
export interface NotificationBusOptions<T> {
  /** In which order the members are notified, relative to others. Default: fifo. */
  readonly order?: 'unordered' | 'fifo' | 'causal' | 'total';
  /** How notifications are written. Default: as MessagePack. */
  readonly codec?: ValueCodec<T>;
}

/** Told of a notification, and of who published it. */
export type NotificationListener<T> = (notification: T, from: MemberAddress) => void;

/**
 * Publishes to all members and subscribes to what they publish. It has no state: a joiner is notified of what is
 * published from then on.
 */
export class NotificationBus<T = unknown> implements GroupPart {
  /** Which bus of its group it is. */
  readonly name: string;
  private readonly order: Order;
  private readonly codec: ValueCodec<T>;
  private readonly listeners = new Set<NotificationListener<T>>();
  private block: BlockPort | undefined;

  /**
   * Makes it; it takes part once it is handed to `join`.
   *
   * @param name the same at all members, and of no other block of the group
   */
  constructor(name: string, { order = 'fifo', codec }: NotificationBusOptions<T> = {}) {
    this.name = name;
    this.order = Order[order];
    this.codec = codec ?? (anyValue as ValueCodec<T>);
  }

  /** Called by `join`. */
  attach(port: GroupPort): void {
    this.block = openBlock(port, 'bus', this.name, (from, body) => {
      const notification = this.codec.decode(body);
      const address = port.view?.members.find(({ id }) => id === from)?.address;
      // Of a view that has ended meanwhile: who published it is gone.
      if (address === undefined) port.count('not-a-member');
      else for (const listener of [...this.listeners]) listener(notification, address);
    });
  }

  /** Who is notified: the members of the current view. */
  get members(): readonly MemberAddress[] {
    return this.block?.port.view?.members.map(({ address }) => address) ?? [];
  }

  /**
   * Notifies all members, this one included.
   *
   * @returns false: so much waits to be sent that no more should be published before the member's `room`
   * @throws Error when this member is not in the group, or the notification cannot be written
   */
  publish(notification: T): boolean {
    const { block } = this;
    if (block?.port.view === undefined) throw notJoined(`the bus '${this.name}'`);
    if (!block.port.open) throw hasLeft(`the bus '${this.name}'`);
    block.multicast(this.codec.encode(notification), { order: this.order });
    return block.port.writable;
  }

  /** @returns how the listener stops to be told */
  subscribe(listener: NotificationListener<T>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
