/** What members tell each other of the connections by which they watch each other. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';

/** The body of a message of `Kind.connection`. */
export type ConnectionMessage =
  /** Where its sender listens, 0 for nowhere; and whether it wants to be told the same. */
  | { readonly step: 'here'; readonly port: number; readonly tell: boolean }
  /** A member was found dead; and where it had listened. */
  | { readonly step: 'obituary'; readonly id: MemberId; readonly port: number };

/** `u8 1 | u16 port | bool tell`, or `u8 2 | u48 member | u16 port`. */
const Step = { here: 1, obituary: 2 } as const;

export function writeConnectionMessage(message: ConnectionMessage): Buffer {
  const writer = new ByteWriter(9);
  return message.step === 'here'
    ? writer.u8(Step.here).u16(message.port).bool(message.tell).done()
    : writer.u8(Step.obituary).u48(message.id).u16(message.port).done();
}

/** Undefined: it is malformed. */
export function readConnectionMessage(body: Uint8Array): ConnectionMessage | undefined {
  try {
    const reader = new ByteReader(body);
    const message = readFrom(reader);
    reader.end();
    return message;
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

function readFrom(reader: ByteReader): ConnectionMessage {
  switch (reader.u8()) {
    case Step.here:
      return { step: 'here', port: reader.u16(), tell: reader.bool() };
    case Step.obituary:
      return { step: 'obituary', id: reader.u48(), port: reader.u16() };
    default:
      throw new MalformedBytes('an unknown step');
  }
}
