/**
 * What the communication module asks of a transport: batches of frames to and from one peer.
 *
 * A frame is `u32 length | u8 type | body`, where the length counts type and body. A transport never looks further
 * into a frame than its length. Frames that are sent in one turn of the event loop leave together.
 */

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
  /** The longest frame that fits, length field included. */
  readonly maxFrame: number;
  /** Whether the peer showed that it receives at this address. A connection shows it by being there. */
  validated: boolean;
  /**
   * More waits in the socket than should, because the network or the peer does not take it. Frames are queued all the
   * same; whoever can wait with them waits for `onDrain`.
   */
  readonly full: boolean;
  /** Bytes of datagrams received from and sent to the address. */
  received: number;
  sent: number;
  /** For whom the frames of a datagram are, where the owner's preamble says so. */
  addressee: Buffer | undefined;
  /** Queues the frame `bytes[start, end)`; it leaves when the turn ends or a batch is full. */
  send(bytes: Buffer, start: number, end: number): void;
  /** Sends what is queued without waiting for the turn's end. */
  flush(): void;
  /** Calls back when all that was queued before has been handed to the socket. */
  whenFlushed(callback: () => void): void;
  /** Sends what is queued and lets the path go. */
  close(): void;
}

/** What the owner of a link does with what comes from it. */
export interface LinkHandlers {
  /** Whole frames, one after another, in `bytes[start, end)`: a datagram's, or what a read of a stream gave. */
  onFrames(link: Link, bytes: Buffer, start: number, end: number): void;
  /** Bytes came that cannot be of this protocol: a datagram, which is dropped, or a connection's, which ends it. */
  onDamaged?(peer: string): void;
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
  /** Stops to receive, sends what is queued, and closes its links. */
  close(): void;
}

/** Why bytes were dropped before any frame was seen. */
export interface TransportCounters {
  /** Datagrams whose checksum, magic or version was wrong. */
  damaged: number;
}
