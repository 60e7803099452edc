/** What comes to a member in packets, on its way up: checked, and handed on as one batch. */
import type { SocketAddress } from '../../platform/platform.js';
import type { LayerContext } from '../layer.js';
import { createMember, everyone, type MemberId } from '../member.js';
import { groupKeyOf } from './layout.js';
import { FrameReader, isFrom, type PacketHeader, readHeader } from './packet-reader.js';

/** Opens sealed packets. */
export interface Opening {
  /**
   * @param at where what sealing added begins
   * @returns the frames, or why there are none
   */
  open(packet: Buffer, header: PacketHeader): Buffer | 'forged' | 'replayed';
}

/**
 * Takes each packet that a socket received.
 *
 * @param by who said at the beginning of a connection that it is its; of a datagram, nobody
 */
export type Arrival = (packet: Buffer, from: SocketAddress, by?: MemberId) => void;

/** @param opening of groups whose packets are sealed: others are then dropped */
export function createArrival(context: LayerContext, opening: Opening | undefined): Arrival {
  const { directory } = context;
  const { id: own } = context.self;
  const groupKey = groupKeyOf(context.group);
  const frames = new FrameReader();

  return (packet, from, by) => {
    if (isFrom(packet, own)) {
      // What one multicasts comes back, and is not worth a look; from elsewhere it cannot come.
      const { at } = context.self;
      if (from.port !== at.port || from.host !== at.host) context.count('forged');
      return;
    }
    const header = readHeader(packet, groupKey);
    if (typeof header === 'string') {
      context.count(header);
      return;
    }
    const { sender, target, sealed } = header;
    if (by !== undefined && sender !== by) {
      context.count('forged');
      return;
    }
    if (target !== everyone && target !== own) {
      context.count('not-a-member');
      return;
    }
    const known = directory.get(sender);
    if (known !== undefined && (known.at.port !== from.port || known.at.host !== from.host)) {
      context.count('forged');
      return;
    }
    if (sealed !== (opening !== undefined)) {
      context.count('forged');
      return;
    }
    let bytes = packet;
    let start = header.end;
    if (opening !== undefined) {
      const opened = opening.open(packet, header);
      if (typeof opened === 'string') {
        context.count(opened);
        return;
      }
      bytes = opened;
      start = 0;
    }
    const batch = frames.read(bytes, start, sender, target);
    if (batch === undefined) {
      context.count('malformed');
      return;
    }
    if (known === undefined) directory.learn(createMember(sender, from));
    if (batch.length > 0) context.up(batch);
    // A socket's callback may have changed when any layer wants to be woken.
    context.reschedule();
  };
}
