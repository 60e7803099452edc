/** Messages about views that are longer than a packet: a view of many members. They stand below fragmentation. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';

const headerBytes = 8;
/** Of one message: enough for a view of some thousands of members. */
const mostPieces = 128;
/** So many senders may have one that is incomplete. */
const mostSenders = 128;

interface Incomplete {
  readonly number: number;
  readonly pieces: (Buffer | undefined)[];
  missing: number;
}

export class Pieces {
  private number = 0;
  /** By sender; a newer message takes the place of an older one. */
  private readonly incomplete = new Map<MemberId, Incomplete>();

  /** Bodies of packets. */
  split(body: Buffer, most: number): Buffer[] {
    const room = most - headerBytes;
    const count = Math.max(1, Math.ceil(body.length / room));
    const number = this.number++;
    return Array.from({ length: count }, (_, index) =>
      new ByteWriter(most)
        .u32(number >>> 0)
        .u16(index)
        .u16(count)
        .rest(body.subarray(index * room, (index + 1) * room))
        .done(),
    );
  }

  /**
   * @returns the message once all of its pieces are here
   * @throws MalformedBytes
   */
  join(sender: MemberId, packet: Uint8Array): Buffer | undefined {
    const reader = new ByteReader(packet);
    const [number, index, count] = [reader.u32(), reader.u16(), reader.u16()];
    if (index >= count || count > mostPieces) throw new MalformedBytes(`piece ${index} of ${count}`);
    const piece = reader.rest();
    if (count === 1) return piece;
    let message = this.incomplete.get(sender);
    if (message?.number !== number || message.pieces.length !== count) {
      if (message === undefined && this.incomplete.size >= mostSenders) this.forgetOldest();
      message = { number, pieces: new Array<Buffer | undefined>(count).fill(undefined), missing: count };
      this.incomplete.set(sender, message);
    }
    if (message.pieces[index] !== undefined) return undefined;
    message.pieces[index] = piece;
    if (--message.missing > 0) return undefined;
    this.incomplete.delete(sender);
    return Buffer.concat(message.pieces as Buffer[]);
  }

  private forgetOldest(): void {
    for (const sender of this.incomplete.keys()) {
      this.incomplete.delete(sender);
      return;
    }
  }
}
