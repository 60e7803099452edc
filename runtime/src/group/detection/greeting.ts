/** What is said on the connections by which members watch each other. Each end greets; then nothing is said until goodbye. */
import { ByteReader, ByteWriter } from '../bytes.js';
import { type MemberId, memberIdBytes } from '../member.js';

/** `CGW` and the version. */
const magic = 0x43475701;
const greetingBytes = 4 + memberIdBytes;
const goodbyeByte = 1;

/** Tells who speaks. */
export function greeting(self: MemberId): Buffer {
  return new ByteWriter(greetingBytes).u32(magic).u48(self).done();
}

/** Tells that the end of the connection is not to be taken for the end of who speaks. */
export function goodbye(): Buffer {
  return Buffer.of(goodbyeByte);
}

/** Reads what one end says, wherever it was cut. */
export interface Listener {
  /** False: this is no greeting; whoever speaks is no member. */
  hear(chunk: Buffer): boolean;
}

/** @param met called with who greeted; @param parted called at its goodbye */
export function listenTo(met: (id: MemberId) => void, parted: () => void): Listener {
  let said = Buffer.alloc(0);
  let greeted = false;
  return {
    hear: chunk => {
      said = Buffer.concat([said, chunk.subarray(0, greetingBytes + 2)]);
      if (said.length > greetingBytes + 1) return false;
      if (said.length >= 4 && said.readUInt32BE(0) !== magic) return false;
      if (said.length >= greetingBytes && !greeted) {
        greeted = true;
        met(new ByteReader(said.subarray(4)).u48());
      }
      if (said.length <= greetingBytes) return true;
      if (said[greetingBytes] !== goodbyeByte) return false;
      parted();
      return true;
    },
  };
}
