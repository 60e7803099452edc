/** Messages into packets. */
import { everyone, type MemberId } from '../member.js';
import type { Message } from '../message.js';
import {
  checksumAt,
  Frame,
  FrameFlag,
  flagsAt,
  groupAt,
  groupProtocolVersion,
  headerBytes,
  longestPacket,
  magic,
  orderShift,
  PacketFlag,
  sealChecksum,
  senderAt,
  targetBytes,
  varintBytes,
  versionAt,
  writeU32,
  writeU48,
  writeVarint,
} from './layout.js';

/** Room that sealing takes, and how it is done. */
export interface Sealing {
  /** Between the header with its target and the frames. */
  readonly headerBytes: number;
  /** After the frames. */
  readonly trailerBytes: number;
  /** Encrypts `packet` in place, of which what sealing adds begins at `at`; its checksum is four zeros. */
  seal(packet: Buffer, at: number): void;
}

/** What all packets of one member have in common. */
export interface PacketOrigin {
  /** As `groupKeyOf` gives it. */
  readonly groupKey: number;
  readonly sender: MemberId;
  readonly sealing: Sealing | undefined;
  /** The longest packet, but for a single message that does not fit into one. */
  readonly packetBytes: number;
}

/** Fills one packet after the other in the same memory. */
export class PacketWriter {
  /** For which member it is; `everyone`: for all. */
  target: MemberId = everyone;
  private readonly origin: PacketOrigin;
  private bytes: Buffer;
  private at = 0;
  private framesAt = 0;
  private limit = 0;
  /** What a `next` frame would go on with. */
  private run: Frame = Frame.once;
  private counter = 0;
  private creator = 0;
  private sender = 0;
  private connection = 0;
  private seq = 0;

  constructor(origin: PacketOrigin) {
    this.origin = origin;
    this.bytes = Buffer.allocUnsafeSlow(origin.packetBytes);
  }

  get isEmpty(): boolean {
    return this.at === this.framesAt;
  }

  begin(target: MemberId): void {
    const { groupKey, sender, sealing, packetBytes } = this.origin;
    // A packet that had to be longer was a rare one.
    if (this.bytes.length > packetBytes) this.bytes = Buffer.allocUnsafeSlow(packetBytes);
    const { bytes } = this;
    this.target = target;
    bytes[0] = magic >>> 8;
    bytes[1] = magic & 0xff;
    bytes[versionAt] = groupProtocolVersion;
    writeU32(bytes, groupAt, groupKey);
    writeU48(bytes, senderAt, sender);
    let flags = 0;
    let at = headerBytes;
    if (target !== everyone) {
      flags |= PacketFlag.addressed;
      writeU48(bytes, at, target);
      at += targetBytes;
    }
    if (sealing !== undefined) {
      flags |= PacketFlag.sealed;
      at += sealing.headerBytes;
    }
    bytes[flagsAt] = flags;
    this.at = at;
    this.framesAt = at;
    this.limit = packetBytes - (sealing?.trailerBytes ?? 0);
    this.run = Frame.once;
  }

  /**
   * Adds a message. False: there is no room, and nothing was changed; a message that is first in its packet has always
   * room.
   *
   * @throws RangeError when no packet can hold it
   */
  add(message: Message): boolean {
    const { body, vector } = message;
    const frame = this.frameFor(message);
    const size = sizeOf(frame, message);
    if (this.at + size > this.limit) {
      if (!this.isEmpty) return false;
      this.enlarge(size);
    }
    const { bytes } = this;
    let at = this.at;
    bytes[at] =
      frame |
      (message.order << orderShift) |
      (message.safe ? FrameFlag.safe : 0) |
      (message.more ? FrameFlag.more : 0) |
      (message.nested ? FrameFlag.nested : 0) |
      (vector !== undefined ? FrameFlag.vector : 0);
    bytes[at + 1] = message.kind;
    at += 2;
    if (frame === Frame.multicast) at = this.startMulticasts(message, at);
    else if (frame === Frame.unicast) at = this.startUnicasts(message, at);
    if (frame !== Frame.once) this.seq = message.seq;
    if (vector !== undefined) {
      at = writeVarint(bytes, at, vector.length);
      for (let rank = 0; rank < vector.length; rank++) at = writeVarint(bytes, at, vector[rank]!);
    }
    at = writeVarint(bytes, at, body.length);
    bytes.set(body, at);
    this.at = at + body.length;
    return true;
  }

  /** The packet, ready to be sent. Valid until `begin`. */
  finish(): Buffer {
    const { sealing } = this.origin;
    const packet = this.bytes.subarray(0, this.at + (sealing?.trailerBytes ?? 0));
    if (sealing !== undefined) {
      writeU32(packet, checksumAt, 0);
      sealing.seal(packet, this.framesAt - sealing.headerBytes);
    }
    sealChecksum(packet);
    return packet;
  }

  private frameFor({ view, reliable, sender, seq, connection }: Message): Frame {
    if (view !== undefined) {
      const goesOn =
        this.run === Frame.multicast &&
        seq === this.seq + 1 &&
        sender === this.sender &&
        view.counter === this.counter &&
        view.creator === this.creator;
      return goesOn ? Frame.next : Frame.multicast;
    }
    if (!reliable) return Frame.once;
    const goesOn = this.run === Frame.unicast && seq === this.seq + 1 && connection === this.connection;
    return goesOn ? Frame.next : Frame.unicast;
  }

  private startMulticasts(message: Message, start: number): number {
    const { bytes } = this;
    const { counter, creator } = message.view!;
    writeU32(bytes, start, counter);
    writeU48(bytes, start + 4, creator);
    writeU48(bytes, start + 10, message.sender);
    writeU48(bytes, start + 16, message.seq);
    this.run = Frame.multicast;
    this.counter = counter;
    this.creator = creator;
    this.sender = message.sender;
    return start + 22;
  }

  private startUnicasts(message: Message, start: number): number {
    writeU32(this.bytes, start, message.connection);
    writeU48(this.bytes, start + 4, message.seq);
    this.run = Frame.unicast;
    this.connection = message.connection;
    return start + 10;
  }

  private enlarge(frameSize: number): void {
    const trailer = this.origin.sealing?.trailerBytes ?? 0;
    const wanted = this.at + frameSize + trailer;
    if (wanted > longestPacket) {
      throw new RangeError(
        `a message needs a packet of ${wanted} bytes, and ${longestPacket} is the most; ` +
          'longer ones need the fragmentation layer',
      );
    }
    const larger = Buffer.allocUnsafeSlow(wanted);
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
    this.limit = wanted - trailer;
  }
}

function sizeOf(frame: Frame, { body, vector }: Message): number {
  let size = 2 + varintBytes(body.length) + body.length;
  if (frame === Frame.multicast) size += 22;
  else if (frame === Frame.unicast) size += 10;
  if (vector !== undefined) {
    size += varintBytes(vector.length);
    for (let rank = 0; rank < vector.length; rank++) size += varintBytes(vector[rank]!);
  }
  return size;
}
