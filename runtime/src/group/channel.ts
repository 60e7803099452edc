/** The channel of a group: raw bytes to its members. */
import type { MemberAddress } from './member.js';
import type { GroupView } from './view.js';

/** In which order the members deliver a message, relative to others. */
export type ChannelOrder = 'unordered' | 'fifo' | 'causal' | 'total';

/** How bytes are sent to all. */
export interface ChannelSendOptions {
  /** Default: fifo. */
  readonly order?: ChannelOrder;
  /** Uniform agreement: delivered nowhere before a majority of the view holds it. */
  readonly safe?: boolean;
  /** False: sent once, to all but this member; may be lost. Default: true. */
  readonly reliable?: boolean;
}

/** Bytes that came by the channel. */
export interface ChannelMessage {
  /** Who sent them. */
  readonly from: MemberAddress;
  /** To be left as they are. */
  readonly bytes: Uint8Array;
  /** The view in which they were sent to all; undefined when they came to this member alone, or unreliably. */
  readonly view: GroupView | undefined;
}

/** Raw bytes to the members of a group. */
export interface Channel {
  /**
   * Sends to all members, this one included.
   *
   * @param bytes not to be changed afterwards
   * @returns false: so much waits that no more should be sent before `room`
   * @throws RangeError when they are longer than a message may be
   * @throws Error when this member has left
   */
  send(bytes: Uint8Array, options?: ChannelSendOptions): boolean;
  /**
   * Sends to one member or to some, in the order of sending. Who is not in the view any more gets nothing.
   *
   * @throws RangeError as `send`, and when one was never in a view
   */
  sendTo(members: MemberAddress | readonly MemberAddress[], bytes: Uint8Array): void;
  /**
   * Has the listener called for all that is sent, in the order that it was sent with. When it returns a promise, the
   * next one waits for it, and so do the senders once much waits.
   */
  receive(listener: (message: ChannelMessage) => void | Promise<void>): void;
  /** Whether more may be sent now. */
  readonly writable: boolean;
  /** Resolves when more may be sent; rejects when this member has left. */
  room(): Promise<void>;
}
