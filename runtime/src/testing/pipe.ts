import type { Entry } from './event-queue.js';
import type { Internet } from './internet.js';
import type { Packet } from './packet.js';
import type { Prng } from './prng.js';
import type { Machine } from './topology.js';

/** What travels in a pipe, in order: that the connection stands, bytes, that no more follow. */
export type Segment = { readonly kind: 'open' | 'end' } | { readonly kind: 'data'; readonly data: Buffer };

/** What the far end did with a segment: took it; its machine is off; its machine knows no such connection. */
export type Reception = 'taken' | 'down' | 'refused';

/** The two ends of a pipe, as their systems see it. */
export interface PipeEnds {
  readonly from: Machine;
  readonly to: Machine;
  /** The packet that carries a segment. */
  packet(segment: Segment): Packet;
  /** Whether routers lead from the near end to the far one, or back. */
  isReachable(way: 'there' | 'back'): boolean;
  /** The far end gets a segment. */
  receive(segment: Segment): Reception;
  /** How many bytes the far end's program has not taken yet. */
  unread(): number;
  /** The near end learns that a segment was taken. */
  acknowledged(segment: Segment): void;
  /** All that was written is under way. */
  drained(): void;
  /** The near end gives up, or is told that the far one knows no such connection. */
  failed(code: 'ETIMEDOUT' | 'ECONNRESET'): void;
}

/** One direction of a TCP connection, as its sender's system keeps it: reliable and in order. */
export interface Pipe {
  /** How many bytes were written and do not fit into the window. */
  readonly queued: number;
  write(data: Uint8Array): void;
  /** Sends a segment without data behind all that was written. */
  mark(kind: 'open' | 'end'): void;
  /** Sends on as far as the window allows; to be called when the far end has read. */
  pump(): void;
  /** Forgets what is not under way yet. */
  discard(): void;
  close(): void;
}

/** How many bytes may be under way or unread. */
const windowSize = 256 * 1024;
/** Retransmission time-outs of RFC 6298 with Linux's least; doubled while nothing gets through. */
const firstTimeout = 200;
const longestTimeout = 60_000;
/** How long nothing may get through before the connection counts as broken. */
const patience = 120_000;

interface Sent {
  readonly segment: Segment;
  isTaken: boolean;
}

const sizeOf = (segment: Segment): number => (segment.kind === 'data' ? segment.data.length : 0);

/** Sizes of segments: a few bytes, a part of a packet, several packets that the receiver's system has put together. */
function randomSize(random: Prng): number {
  const choice = random.next();
  if (choice < 0.1) return 1 + random.below(16);
  return choice < 0.4 ? 1 + random.below(1460) : 1460 + random.below(15_000);
}

export function createPipe({ scheduler, network }: Internet, random: Prng, ends: PipeEnds): Pipe {
  const there = network.link(ends.from, ends.to);
  const back = network.link(ends.to, ends.from);
  let waiting: Segment[] = [];
  let queued = 0;
  let underWay: Sent[] = [];
  let bytesUnderWay = 0;
  let retry: Entry | undefined;
  let timeout = firstTimeout;
  let stalledSince: number | undefined;
  let lastArrival = 0;
  let generation = 0;
  let isClosed = false;
  let isPumpSet = false;

  /**
   * What is written at one time is sent together, in however many writes it came: those depend on where the program's
   * buffers end, which a run with the same seed does not repeat.
   */
  const pumpSoon = (): void => {
    if (isPumpSet) return;
    isPumpSet = true;
    scheduler.after(0, () => {
      isPumpSet = false;
      pump();
    });
  };

  /** The next segment: what was written, cut and put together at random. */
  const take = (): Segment => {
    const size = randomSize(random);
    const parts: Buffer[] = [];
    let length = 0;
    for (let next = waiting[0]; next?.kind === 'data' && length < size; next = waiting[0]) {
      const part = next.data.subarray(0, size - length);
      parts.push(part);
      length += part.length;
      if (part.length === next.data.length) waiting.shift();
      else waiting[0] = { kind: 'data', data: next.data.subarray(part.length) };
    }
    if (parts.length === 0) return waiting.shift()!;
    queued -= length;
    return { kind: 'data', data: Buffer.concat(parts) };
  };

  const putBack = (segments: Segment[]): void => {
    waiting = [...segments, ...waiting];
    for (const each of segments) queued += sizeOf(each);
  };

  const close = (): void => {
    isClosed = true;
    if (retry) scheduler.cancel(retry);
  };

  /** Waits for a time-out before it sends on; what was sent before and arrives meanwhile is acknowledged as usual. */
  const stall = (): void => {
    if (retry || isClosed) return;
    stalledSince ??= scheduler.now;
    retry = scheduler.after(timeout, () => {
      retry = undefined;
      if (scheduler.now - stalledSince! >= patience) {
        close();
        ends.failed('ETIMEDOUT');
      } else if (underWay[0]?.isTaken) acknowledge();
      else pump();
    });
    timeout = Math.min(2 * timeout, longestTimeout);
  };

  const rewind = (): void => {
    generation++;
    putBack(underWay.filter(({ isTaken }) => !isTaken).map(({ segment }) => segment));
    underWay = underWay.filter(({ isTaken }) => isTaken);
    bytesUnderWay = underWay.reduce((sum, { segment }) => sum + sizeOf(segment), 0);
    stall();
  };

  /** Acknowledges what was taken, if the way back is open. */
  const acknowledge = (): void => {
    if (back.isCut || !ends.isReachable('back')) {
      stall();
      return;
    }
    stalledSince = undefined;
    timeout = firstTimeout;
    while (underWay[0]?.isTaken) {
      const { segment } = underWay.shift()!;
      bytesUnderWay -= sizeOf(segment);
      ends.acknowledged(segment);
    }
    pump();
  };

  const arrive = (sent: Sent, packet: Packet): void => {
    const reception = ends.receive(sent.segment);
    if (reception === 'taken') {
      network.record(packet, 'delivered');
      sent.isTaken = true;
      acknowledge();
    } else if (reception === 'refused' && !back.isCut && ends.isReachable('back')) {
      network.record(packet, 'unbound');
      close();
      scheduler.after(network.latency(back), () => ends.failed('ECONNRESET'));
    } else {
      network.record(packet, 'down');
      rewind();
    }
  };

  const pump = (): void => {
    while (waiting.length > 0) {
      if (retry || isClosed) return;
      if (waiting[0]!.kind === 'data' && bytesUnderWay + ends.unread() >= windowSize) return;
      const segment = take();
      const packet = ends.packet(segment);
      const [arrival] = ends.isReachable('there') ? network.judge(packet, there) : [];
      if (!arrival) {
        putBack([segment]);
        stall();
        return;
      }
      const sent = { segment, isTaken: false };
      underWay.push(sent);
      bytesUnderWay += sizeOf(segment);
      lastArrival = Math.max(lastArrival, scheduler.now + arrival.delay);
      const sentIn = generation;
      scheduler.after(lastArrival - scheduler.now, () => {
        if (sentIn === generation && !isClosed) arrive(sent, packet);
      });
    }
    ends.drained();
  };

  return {
    get queued() {
      const room = isPumpSet ? Math.max(0, windowSize - bytesUnderWay - ends.unread()) : 0;
      return Math.max(0, queued - room);
    },
    write: data => {
      waiting.push({ kind: 'data', data: Buffer.from(data.buffer, data.byteOffset, data.length) });
      queued += data.length;
      pumpSoon();
    },
    mark: kind => {
      waiting.push({ kind });
      pumpSoon();
    },
    pump,
    discard: () => {
      waiting = [];
      queued = 0;
    },
    close,
  };
}
