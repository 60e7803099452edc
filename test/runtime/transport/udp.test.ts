import { describe, expect, it } from 'vitest';
import { packetHeaderBytes, sealPacket } from '../../../runtime/src/transport/packet.js';
import {
  createTransportCounters,
  type Link,
  type LinkHandlers,
} from '../../../runtime/src/transport/transport.js';
import { dialUdp, listenUdp } from '../../../runtime/src/transport/udp.js';
import { createManualPlatform } from '../request-reply/support.js';

const server = { host: '192.0.2.7', port: 7000 };

/** A frame of `length` bytes in all. */
function frame(length: number, fill = 7): Buffer {
  const bytes = Buffer.alloc(length, fill);
  bytes.writeUInt32BE(length - 4, 0);
  return bytes;
}

function record(handlers: Partial<LinkHandlers> = {}) {
  const received: { peer: string; bytes: string; link: Link }[] = [];
  const counters = createTransportCounters();
  const all: LinkHandlers = {
    onFrames: (link, bytes, start, end) =>
      received.push({ peer: link.peer, bytes: bytes.toString('hex', start, end), link }),
    ...handlers,
  };
  return { received, counters, handlers: all, datagramBytes: 1200 };
}

describe('a UDP path', () => {
  const dial = async (handlers?: Partial<LinkHandlers>) => {
    const manual = createManualPlatform();
    const recorded = record(handlers);
    const link = await dialUdp(server.host, server.port, { ...recorded, platform: manual.platform });
    return { ...manual, ...recorded, link };
  };

  it('sends the frames of one turn in one datagram, and those of the next in another', async () => {
    const { link, clock, datagrams } = await dial();
    for (let i = 0; i < 3; i++) link.send(frame(20), 0, 20);
    expect(datagrams()).toEqual([]);
    clock.advance(0);
    expect(datagrams().map(({ length }) => length)).toEqual([packetHeaderBytes + 60]);
    link.send(frame(20), 0, 20);
    clock.advance(0);
    expect(datagrams()).toHaveLength(1);
  });

  it('begins another datagram for a frame that does not fit, and never makes one of more than 1,200 bytes', async () => {
    const { link, clock, datagrams } = await dial();
    for (let i = 0; i < 10; i++) link.send(frame(500), 0, 500);
    link.send(frame(link.maxFrame), 0, link.maxFrame);
    clock.advance(0);
    const lengths = datagrams().map(({ length }) => length);
    expect(lengths).toHaveLength(6);
    for (const length of lengths) expect(length).toBeLessThanOrEqual(1200);
  });

  it('puts the preamble first into each datagram, and leaves room for it beside the longest frame', async () => {
    const { link, clock, datagrams } = await dial({
      preamble: (_link, target, at, end) => {
        expect(end - at).toBeGreaterThanOrEqual(37);
        return at + frame(37, 9).copy(target, at);
      },
    });
    for (const length of [link.maxFrame, 20]) link.send(frame(length), 0, length);
    clock.advance(0);
    const sent = datagrams();
    expect(sent.map(({ length }) => length)).toEqual([1200, packetHeaderBytes + 37 + 20]);
    for (const datagram of sent) expect(datagram.readUInt32BE(packetHeaderBytes)).toBe(33);
  });

  it('hears its server alone, and counts what is damaged', async () => {
    const { deliver, deliverRaw, received, counters } = await dial();
    deliver(server, frame(10));
    deliver({ ...server, port: 7001 }, frame(10));
    deliver({ ...server, host: '192.0.2.8' }, frame(10));
    expect(received.map(({ bytes }) => bytes)).toEqual([frame(10).toString('hex')]);
    deliverRaw(server, Buffer.from('not of this protocol'));
    expect(counters.damaged).toBe(1);
    expect(received).toHaveLength(1);
  });

  it('calls back when what was queued has left', async () => {
    const { link, clock, datagrams } = await dial();
    let left = 0;
    link.whenFlushed(() => left++);
    expect(left).toBe(1);
    link.send(frame(20), 0, 20);
    link.whenFlushed(() => {
      left++;
      expect(datagrams()).toHaveLength(1);
    });
    expect(left).toBe(1);
    clock.advance(0);
    expect(left).toBe(2);
  });

  it('is full while the system does not take what was sent, and drops what is far too much', async () => {
    const drained: Link[] = [];
    const { link, clock, datagrams, jam, unjam } = await dial({ onDrain: each => drained.push(each) });
    const send = (count: number) => {
      for (let i = 0; i < count; i++) link.send(frame(1000), 0, 1000);
      clock.advance(0);
    };
    send(1);
    expect(link.full).toBe(false);
    jam(256 * 1024);
    send(1);
    expect(link.full).toBe(true);
    expect(datagrams()).toHaveLength(2);
    send(2000);
    const waiting = datagrams().reduce((sum, { length }) => sum + length, 0);
    expect(waiting).toBeGreaterThan(700 * 1024);
    expect(waiting).toBeLessThan(1024 * 1024);
    expect(drained).toEqual([]);
    unjam();
    expect(link.full).toBe(false);
    expect(drained).toEqual([link]);
    send(1);
    expect(link.full).toBe(false);
    expect(datagrams()).toHaveLength(1);
  });

  it('sends what is queued before it closes', async () => {
    const { link, datagrams } = await dial();
    link.send(frame(20), 0, 20);
    link.close();
    expect(datagrams()).toHaveLength(1);
  });
});

describe('a UDP listener', () => {
  it('has one link for each peer, and counts its bytes', async () => {
    const { platform, deliver } = createManualPlatform();
    const recorded = record();
    await listenUdp('192.0.2.1', 7000, { ...recorded, platform });
    const peers = [
      { host: '198.51.100.1', port: 4000 },
      { host: '198.51.100.2', port: 4000 },
      { host: '198.51.100.1', port: 4001 },
    ];
    for (const peer of [...peers, ...peers]) deliver(peer, frame(10));
    const links = recorded.received.map(({ link }) => link);
    expect(new Set(links).size).toBe(3);
    expect(links.map(({ peer }) => peer).slice(0, 3)).toEqual([
      'udp://198.51.100.1:4000',
      'udp://198.51.100.2:4000',
      'udp://198.51.100.1:4001',
    ]);
    expect(links[0]).toMatchObject({ received: 2 * (packetHeaderBytes + 10), validated: false });
  });

  it('sends to peers that were not heard yet, and keeps these links when it forgets others', async () => {
    const { platform, deliver, deliverRaw, clock, datagrams } = createManualPlatform();
    const recorded = record();
    const listener = await listenUdp('192.0.2.1', 7000, { ...recorded, platform });
    const peer = { host: '198.51.100.1', port: 4000 };
    const link = listener.linkTo(peer);
    expect(listener.linkTo({ ...peer })).toBe(link);
    link.send(frame(20), 0, 20);
    clock.advance(0);
    expect(datagrams()).toHaveLength(1);

    const sealed = Buffer.concat([Buffer.alloc(packetHeaderBytes), frame(10)]);
    sealPacket(sealed, 0, sealed.length);
    const others = Array.from({ length: 65_536 }, (_, i) => ({
      host: `203.0.113.${i >> 12}`,
      port: 1 + (i & 4095),
    }));
    for (const other of others) deliverRaw(other, sealed);
    const [first] = recorded.received.splice(0);
    deliver(others[0]!, frame(10));
    deliver(peer, frame(10));
    const [again, held] = recorded.received.splice(0);
    expect(again!.link).not.toBe(first!.link);
    expect(held!.link).toBe(link);
    link.close();
    for (const other of others) deliverRaw(other, sealed);
    deliver({ host: '192.0.2.9', port: 4000 }, frame(10));
    deliver(peer, frame(10));
    expect(recorded.received.at(-1)!.link).not.toBe(link);
  });

  it('tells each of its links when the socket has room again', async () => {
    const { platform, deliver, clock, jam, unjam } = createManualPlatform();
    const drained: string[] = [];
    const recorded = record({ onDrain: link => drained.push(link.peer) });
    const links = new Set<Link>();
    recorded.handlers.onFrames = link => links.add(link);
    await listenUdp('192.0.2.1', 7000, { ...recorded, platform });
    for (const port of [4000, 4001]) deliver({ host: '198.51.100.1', port }, frame(10));
    const [first, second] = [...links];
    jam(256 * 1024);
    first!.send(frame(20), 0, 20);
    clock.advance(0);
    expect([first!.full, second!.full]).toEqual([true, true]);
    unjam();
    expect(drained).toEqual(['udp://198.51.100.1:4000', 'udp://198.51.100.1:4001']);
    expect([first!.full, second!.full]).toEqual([false, false]);
  });

  it('sends what is queued before it closes, and takes nothing afterwards', async () => {
    const { platform, deliver, datagrams } = createManualPlatform();
    const recorded = record();
    const listener = await listenUdp('192.0.2.1', 7000, { ...recorded, platform });
    const peer = { host: '198.51.100.1', port: 4000 };
    deliver(peer, frame(10));
    recorded.received[0]!.link.send(frame(20), 0, 20);
    listener.close();
    expect(datagrams()).toHaveLength(1);
    deliver(peer, frame(10));
    expect(recorded.received).toHaveLength(1);
  });
});
