/** The first bytes on a connection between two members, each way: who speaks, and where it is reached. */
import type { SocketAddress } from '../../platform/platform.js';
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';
import { groupProtocolVersion } from './layout.js';

/** `CGH`. */
const magic = Buffer.from([0x43, 0x47, 0x48]);

export interface Hello {
  readonly id: MemberId;
  /** Where it listens. */
  readonly at: SocketAddress;
}

export function writeHello(groupKey: number, { id, at }: Hello): Buffer {
  return new ByteWriter()
    .rest(magic)
    .u8(groupProtocolVersion)
    .u32(groupKey)
    .u48(id)
    .string(at.host)
    .u16(at.port)
    .done();
}

/** Undefined: it is none, or of another group. */
export function readHello(bytes: Buffer, groupKey: number): Hello | undefined {
  try {
    const reader = new ByteReader(bytes);
    for (const byte of magic) if (reader.u8() !== byte) return undefined;
    if (reader.u8() !== groupProtocolVersion || reader.u32() !== groupKey) return undefined;
    const hello = { id: reader.u48(), at: { host: reader.string(), port: reader.u16() } };
    reader.end();
    return hello.id === 0 || hello.at.port === 0 ? undefined : hello;
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
