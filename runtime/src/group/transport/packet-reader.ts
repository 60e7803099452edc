/** Packets into messages. Nothing here throws, whatever the bytes are. */
import { everyone, type MemberId } from '../member.js';
import { Kind, Message, type Order } from '../message.js';
import type { ViewId } from '../view.js';
import {
  Frame,
  FrameFlag,
  flagsAt,
  groupAt,
  groupProtocolVersion,
  headerBytes,
  isUndamaged,
  magic,
  orderShift,
  PacketFlag,
  readU32,
  readU48,
  senderAt,
  targetBytes,
  versionAt,
} from './layout.js';

/** What stands before the frames. */
export interface PacketHeader {
  readonly sender: MemberId;
  /** `everyone` where it is addressed to nobody. */
  readonly target: MemberId;
  readonly sealed: boolean;
  /** Where the header ends, and what sealing added or the frames begin. */
  readonly end: number;
}

/** Whether a packet, be it sound or not, says that it is this member's. */
export function isFrom(packet: Buffer, sender: MemberId): boolean {
  return packet.length >= headerBytes && readU48(packet, senderAt) === sender;
}

/** Reads a packet's header; why there is none otherwise. Leaves four zeros in the checksum's place. */
export function readHeader(
  packet: Buffer,
  groupKey: number,
): PacketHeader | 'damaged' | 'foreign-group' | 'malformed' {
  if (packet.length < headerBytes) return 'damaged';
  if (((packet[0]! << 8) | packet[1]!) !== magic || packet[versionAt] !== groupProtocolVersion)
    return 'damaged';
  if (!isUndamaged(packet)) return 'damaged';
  if (readU32(packet, groupAt) !== groupKey) return 'foreign-group';
  const flags = packet[flagsAt]!;
  const sender = readU48(packet, senderAt);
  if (flags > (PacketFlag.addressed | PacketFlag.sealed) || sender === everyone) return 'malformed';
  const sealed = (flags & PacketFlag.sealed) !== 0;
  if ((flags & PacketFlag.addressed) === 0) return { sender, target: everyone, sealed, end: headerBytes };
  const end = headerBytes + targetBytes;
  if (packet.length < end) return 'malformed';
  const target = readU48(packet, headerBytes);
  return target === everyone ? 'malformed' : { sender, target, sealed, end };
}

const isKind = new Uint8Array(256);
for (const kind of Object.values(Kind)) isKind[kind] = 1;

/** Reads the frames of packets. Keeps what is the same in many of them. */
export class FrameReader {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  /** The last view that was read: its messages share one object. */
  private view: ViewId = { counter: 0, creator: 0 };

  /**
   * @param start where the first frame begins
   * @returns undefined when a frame is not as it should be: then the whole packet is nothing
   */
  read(bytes: Buffer, start: number, packetSender: MemberId, target: MemberId): Message[] | undefined {
    this.bytes = bytes;
    this.at = start;
    this.end = bytes.length;
    const messages: Message[] = [];
    let run: Frame = Frame.once;
    let sender = packetSender;
    let seq = 0;
    let connection = 0;
    while (this.at < this.end) {
      if (this.at + 3 > this.end) return undefined;
      const head = bytes[this.at]!;
      const kind = bytes[this.at + 1]!;
      this.at += 2;
      if (isKind[kind] === 0) return undefined;
      const frame = (head & 3) as Frame;
      if (frame === Frame.multicast) {
        if (this.at + 22 > this.end) return undefined;
        sender = this.multicastRun();
        seq = readU48(bytes, this.at - 6);
        if (sender === everyone) return undefined;
        run = frame;
      } else if (frame === Frame.unicast) {
        if (target === everyone || this.at + 10 > this.end) return undefined;
        connection = readU32(bytes, this.at);
        seq = readU48(bytes, this.at + 4);
        this.at += 10;
        run = frame;
      } else if (frame === Frame.next) {
        if (run === Frame.once) return undefined;
        seq++;
      }
      const isMulticast = frame !== Frame.once && run === Frame.multicast;
      let vector: number[] | undefined;
      if ((head & FrameFlag.vector) !== 0) {
        vector = isMulticast ? this.vector() : undefined;
        if (vector === undefined) return undefined;
      }
      const length = this.varint();
      const bodyAt = this.at;
      if (length < 0 || length > this.end - bodyAt) return undefined;
      this.at = bodyAt + length;
      const body = bytes.subarray(bodyAt, this.at);
      const message = new Message(
        kind as Kind,
        isMulticast ? sender : packetSender,
        isMulticast ? everyone : target,
        body,
      );
      message.from = packetSender;
      message.order = ((head >>> orderShift) & 3) as Order;
      message.safe = (head & FrameFlag.safe) !== 0;
      message.more = (head & FrameFlag.more) !== 0;
      message.nested = (head & FrameFlag.nested) !== 0;
      if (frame !== Frame.once) {
        message.reliable = true;
        message.seq = seq;
        if (isMulticast) {
          message.view = this.view;
          message.vector = vector;
        } else message.connection = connection;
      }
      messages.push(message);
    }
    return messages;
  }

  /** Reads the view into `view`; returns the sender. The seq stands in the last six bytes that were read. */
  private multicastRun(): MemberId {
    const { bytes, at } = this;
    const counter = readU32(bytes, at);
    const creator = readU48(bytes, at + 4);
    if (counter !== this.view.counter || creator !== this.view.creator) this.view = { counter, creator };
    this.at = at + 22;
    return readU48(bytes, at + 10);
  }

  private vector(): number[] | undefined {
    const count = this.varint();
    if (count < 0 || count > this.end - this.at) return undefined;
    const vector: number[] = new Array(count);
    for (let rank = 0; rank < count; rank++) {
      const value = this.varint();
      if (value < 0) return undefined;
      vector[rank] = value;
    }
    return vector;
  }

  /** -1: there is none, or it is longer than those that are written. */
  private varint(): number {
    const { bytes, end } = this;
    let value = 0;
    let unit = 1;
    for (let count = 0; count < 7 && this.at < end; count++) {
      const byte = bytes[this.at++]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    return -1;
  }
}
