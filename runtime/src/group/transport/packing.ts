/** Gathers messages in packets on their way down: one open packet for each destination. */
import type { LayerContext } from '../layer.js';
import { everyone } from '../member.js';
import { type Batch, Kind, type Message } from '../message.js';
import { groupKeyOf } from './layout.js';
import { PacketWriter, type Sealing } from './packet-writer.js';
import type { Sent } from './sending.js';

/** How many buffers wait for the next packet; what goes beyond is left to the garbage collector. */
const mostSpare = 64;

/**
 * As the target of a packet: everyone in the view, and whoever may be elsewhere. It is what `everyone` means to layers that
 * look for others; the packet is the same.
 */
export const everywhere = -1;

export interface PackingOptions {
  readonly context: LayerContext;
  readonly packetBytes: number;
  readonly sealing: Sealing | undefined;
  /** Sends a packet to a member, to `everyone` or `everywhere`, of which the bytes are not written again before `sent` is called. Never called: never again. */
  readonly emit: (packet: Buffer, target: number, sent: Sent) => void;
}

/** What is sent in one turn of the event loop leaves in as few packets as hold it. */
export interface Packing {
  down(batch: Batch): void;
  /** Sends what was gathered. */
  flush(): void;
}

/** A packet's memory, and what is done when it is free again. */
interface Slot {
  readonly writer: PacketWriter;
  /** A member, `everyone` or `everywhere`. */
  target: number;
  readonly sent: Sent;
}

export function createPacking({ context, packetBytes, sealing, emit }: PackingOptions): Packing {
  const { clock } = context.platform;
  const origin = { groupKey: groupKeyOf(context.group), sender: context.self.id, sealing, packetBytes };
  const spare: Slot[] = [];
  /** In the order in which they were begun. */
  const open = new Map<number, Slot>();
  /** Of the packet that the last message went into. */
  let last: Slot | undefined;
  let scheduled = false;
  let toSelf: Message[] = [];

  const createSlot = (): Slot => {
    const slot: Slot = {
      target: everyone,
      writer: new PacketWriter(origin),
      sent: error => {
        if (error) context.count('unreachable');
        if (spare.length < mostSpare) spare.push(slot);
      },
    };
    return slot;
  };

  const slotFor = (target: number): Slot => {
    let slot = open.get(target);
    if (slot === undefined) {
      slot = spare.pop() ?? createSlot();
      slot.target = target;
      slot.writer.begin(target === everywhere ? everyone : target);
      open.set(target, slot);
    }
    return slot;
  };

  const close = (slot: Slot): void => {
    const { writer, target, sent } = slot;
    open.delete(target);
    if (slot === last) last = undefined;
    emit(writer.finish(), target, sent);
  };

  const flush = (): void => {
    scheduled = false;
    for (const slot of open.values()) close(slot);
  };

  const deliverToSelf = (): void => {
    const batch = toSelf;
    toSelf = [];
    context.up(batch);
  };

  const sendToSelf = (message: Message): void => {
    if (toSelf.length === 0) context.defer(deliverToSelf);
    toSelf.push(message);
  };

  return {
    down: batch => {
      for (const message of batch) {
        const target = targetOf(message);
        if (target === origin.sender) {
          sendToSelf(message);
          continue;
        }
        let slot = last?.target === target ? last : slotFor(target);
        if (!slot.writer.add(message)) {
          close(slot);
          slot = slotFor(target);
          slot.writer.add(message);
        }
        last = slot;
      }
      if (scheduled || open.size === 0) return;
      scheduled = true;
      clock.afterInput(flush);
    },
    flush,
  };
}

function targetOf({ target, kind }: Message): number {
  const isLooking = kind === Kind.discovery || kind === Kind.merge;
  return isLooking && target === everyone ? everywhere : target;
}
