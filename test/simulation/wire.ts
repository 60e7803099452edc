/** Looks into simulated datagrams, and makes forged ones. */
import type { Packet } from '@convoke/runtime/testing';
import { Reader } from '../../runtime/src/marshalling/reader.js';
import { FrameType } from '../../runtime/src/request-reply/frames.js';
import { readRequestHeader } from '../../runtime/src/request-reply/request-frame.js';
import { forEachFrame } from '../../runtime/src/transport/frame-loop.js';
import { packetHeaderBytes, sealPacket } from '../../runtime/src/transport/packet.js';

export type FrameName = keyof typeof FrameType;

export interface SeenFrame {
  readonly name: FrameName;
  /** The call's number, of frames that bear one. */
  readonly number: number;
  /** Of requests: how many bytes stand before and behind the frame's body. */
  readonly start: number;
  readonly end: number;
}

const names = new Map<number, FrameName>(
  Object.entries(FrameType).map(([name, type]) => [type, name as FrameName]),
);

const numberReaders: Partial<Record<FrameName, (reader: Reader) => number>> = {
  request: reader => readRequestHeader(reader).number,
  requestFragment: reader => readRequestHeader(reader).number,
  reply: attemptThenNumber,
  replyFragment: attemptThenNumber,
  busy: attemptThenNumber,
  probe: reader => reader.rawU64(),
  missing: reader => reader.rawU64(),
  cancel: reader => reader.rawU64(),
};

function attemptThenNumber(reader: Reader): number {
  reader.rawU8();
  return reader.rawU64();
}

/** The frames of a datagram; none of a stream's segment, whose frames may be cut anywhere. */
export function framesOf(packet: Packet): SeenFrame[] {
  const frames: SeenFrame[] = [];
  if (packet.protocol !== 'udp') return frames;
  const reader = new Reader();
  forEachFrame(reader, packet.data, packetHeaderBytes, packet.data.length, type => {
    const name = names.get(type);
    const start = reader.position;
    if (name !== undefined) {
      frames.push({ name, start, end: reader.end, number: numberReaders[name]?.(reader) ?? 0 });
    }
    return true;
  });
  return frames;
}

/** Whether a datagram bears a frame of that name, of a given call or of any. */
export function bears(packet: Packet, name: FrameName, number?: number): boolean {
  return framesOf(packet).some(
    frame => frame.name === name && (number === undefined || frame.number === number),
  );
}

/** A copy of a datagram whose bytes were changed on purpose, with a checksum that is right. */
export function forge(packet: Packet, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(packet.data);
  change(bytes);
  sealPacket(bytes, 0, bytes.length);
  return bytes;
}
