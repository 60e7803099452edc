/**
 * What the communication module asks of a transport: batches of frames to and from one peer.
 *
 * A frame is `u32 length | u8 type | body`, where the length counts type and body. A transport never looks further
 * into a frame than its length. Frames that are sent in one turn of the event loop leave together.
 */

import type { Platform } from '../platform/platform.js';
import type { KeyAndCertificate } from '../platform/tls.js';
import type { Principal } from '../schema/description.js';
import type { DamageReason } from '../schema/events.js';
import type { Address } from './address.js';
import type { ClientTls } from './security.js';

/** Bytes of a frame before its type. */
export const lengthBytes = 4;

/** Room for a preamble in every datagram; it may take more where the frame that it precedes leaves some. */
export const preambleBytes = 37;

/** A path to one peer. */
export interface Link {
  /**
   * Reliable: a stream whose frames arrive once and in order or not at all, and that tells when it broke.
   * Otherwise datagrams: whatever happens to them, nobody is told.
   */
  readonly reliable: boolean;
  /** The peer's address: `udp://127.0.0.1:41234`. */
  readonly peer: string;
  /** Of a server's link: who the client has proved to be; undefined where it proved nothing. */
  readonly principal: Principal | undefined;
  /** The longest frame that fits, length field included. */
  readonly maxFrame: number;
  /** Whether the peer showed that it receives at this address. A connection shows it by being there. */
  validated: boolean;
  /**
   * More waits in the socket than should, because the network or the peer does not take it. Frames are queued all the
   * same; whoever can wait with them waits for `onDrain`.
   */
  readonly full: boolean;
  /** Bytes that came from the peer. */
  received: number;
  /** Bytes of datagrams that were sent to the address. */
  sent: number;
  /** For whom the frames of a datagram are, where the owner's preamble says so. */
  addressee: Buffer | undefined;
  /** Queues the frame `bytes[start, end)`; it leaves when the turn ends or a batch is full. */
  send(bytes: Buffer, start: number, end: number): void;
  /** Sends what is queued without waiting for the turn's end. */
  flush(): void;
  /** Calls back when all that was queued before has been handed to the socket. */
  whenFlushed(callback: () => void): void;
  /** Reads nothing more, so that the peer comes to be full; a little may still be called back. Streams only. */
  pause?(): void;
  resume?(): void;
  /** Sends what is queued and lets the path go. */
  close(): void;
}

/** What the owner of a link does with what comes from it. */
export interface LinkHandlers {
  /** Whole frames, one after another, in `bytes[start, end)`: a datagram's, or what a read of a stream gave. */
  onFrames(link: Link, bytes: Buffer, start: number, end: number): void;
  /** Bytes came that cannot be of this protocol: a datagram, which is dropped, or a connection's, which ends it. */
  onDamaged?(peer: string, reason: DamageReason): void;
  /** The path is gone, for whatever reason but the owner's `close`. */
  onDown?(link: Link, error: Error | null): void;
  /** A link that was full has room again. The links of one UDP socket are full together, and each of them is told. */
  onDrain?(link: Link): void;
  /**
   * Writes the frames that stand first in each datagram to `target` from `at`, before `end` at the latest, and returns
   * where they end. `preambleBytes` are always free. Streams have none.
   */
  preamble?(link: Link, target: Buffer, at: number, end: number): number;
  /** A batch is about to leave a stream: the last chance to `send` with it. */
  onFlush?(link: Link): void;
}

/** Where a server takes frames from any peer. */
export interface Listener {
  /** With the port that was taken. */
  readonly address: string;
  /** Shows later clients another certificate; only where TLS secures the path. @throws TypeError if it is none */
  renew?(renewed: KeyAndCertificate): void;
  /** Stops to receive, sends what is queued, and closes its links. */
  close(): void;
}

/** Why bytes were dropped before any frame was seen. */
export interface TransportCounters {
  /** Datagrams whose checksum, magic or version was wrong. */
  damaged: number;
  /** Sealed datagrams that were changed, or sealed with another key. */
  forged: number;
  /** Sealed datagrams that had come before, or too long after others. */
  replayed: number;
  /** Connections whose client's certificate names nobody that the server takes. */
  unauthenticated: number;
}

export function createTransportCounters(): TransportCounters {
  return { damaged: 0, forged: 0, replayed: 0, unauthenticated: 0 };
}

/** What opening a path or a listener takes, whichever transport it is. */
export interface TransportOptions {
  readonly platform: Platform;
  readonly handlers: LinkHandlers;
  readonly counters: TransportCounters;
  /** The longest frame that a stream accepts. */
  readonly maxFrame: number;
  /** The longest datagram that is sent. */
  readonly datagramBytes: number;
}

export interface DialOptions extends TransportOptions {
  /** Gives up to dial, where that takes time. */
  readonly signal?: AbortSignal | undefined;
  readonly tls?: ClientTls | undefined;
}

/** Opens a path to a server. Rejects with the system's error where there is none. A page knows fewer than Node does. */
export type Dial = (address: Address, options: DialOptions) => Promise<Link>;
