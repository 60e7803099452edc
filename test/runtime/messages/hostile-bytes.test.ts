/** What a peer may send that an endpoint never would. */
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  idBytes,
  identityFrame,
  MessageFrame,
  noEndpoint,
  rendezvousFrame,
  senderFrame,
  stampRendezvous,
  takenFrame,
} from '../../../runtime/src/messages/frames.js';
import { type Endpoint, openEndpoint } from '../../../runtime/src/messages/index.js';
import { packetHeaderBytes } from '../../../runtime/src/transport/packet.js';
import { createManualPlatform } from '../request-reply/support.js';

const peer = { host: '198.51.100.1', port: 4000 };
const id = Buffer.alloc(idBytes, 7);
const greeting = Buffer.from('43564b01', 'hex');

const opened: Endpoint[] = [];
afterEach(async () => {
  for (const endpoint of opened.splice(0)) await endpoint.close();
});

async function open() {
  const manual = createManualPlatform();
  const endpoint = await openEndpoint('udp://192.0.2.1:4000', { platform: manual.platform });
  opened.push(endpoint);
  return { ...manual, endpoint };
}

function frame(type: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + 1, 0);
  head[4] = type;
  return Buffer.concat([head, body]);
}

function rendezvous(number: number, low: number): Buffer {
  const bytes = rendezvousFrame(Buffer.from('x'));
  stampRendezvous(bytes, { path: id, receiver: noEndpoint, number, low });
  return bytes;
}

describe('datagrams', () => {
  const malformed: Record<string, Buffer> = {
    'a rendezvous without its header': frame(MessageFrame.rendezvous, Buffer.alloc(31)),
    'a number above 2^53': frame(MessageFrame.rendezvous, Buffer.alloc(32, 0xff)),
    'a message that ended before it began': rendezvous(1, 2),
    'a cut acknowledgement': takenFrame(id, 1).subarray(0, 20),
    'a frame longer than the datagram': frame(MessageFrame.message, Buffer.alloc(9)).subarray(0, 9),
  };

  it.each(Object.entries(malformed))('with %s are counted and dropped', async (_, bytes) => {
    const { endpoint, deliver, datagrams } = await open();
    deliver(peer, frame(MessageFrame.message, Buffer.from('before')), bytes);
    expect(Buffer.from(endpoint.tryReceive()!.data).toString()).toBe('before');
    expect(endpoint.tryReceive()).toBeUndefined();
    expect(endpoint.stats()).toMatchObject({ malformed: 1 });
    expect(datagrams()).toEqual([]);
  });

  it('of other protocols and unknown frames are passed over', async () => {
    const { endpoint, deliver, deliverRaw } = await open();
    deliver(
      peer,
      frame(0x10, Buffer.alloc(30)),
      frame(0xff, Buffer.alloc(1)),
      frame(MessageFrame.message, id),
    );
    expect(endpoint.tryReceive()?.data).toEqual(new Uint8Array(id));
    deliverRaw(peer, Buffer.from('something else'));
    expect(endpoint.stats()).toMatchObject({ malformed: 0, damaged: 1 });
  });

  it('that answer what was never asked change nothing, and an inquiry brings at most three times its bytes', async () => {
    const { endpoint, deliver, datagrams } = await open();
    deliver(peer, takenFrame(id, 1), identityFrame(noEndpoint, id), senderFrame('udp://192.0.2.9:1'));
    expect(datagrams()).toEqual([]);
    deliver(peer, frame(MessageFrame.inquiry, Buffer.alloc(0)));
    const [answer] = datagrams();
    expect(answer!.length).toBeLessThanOrEqual(3 * 13);
    deliver(peer, rendezvous(1, 1));
    expect(datagrams()).toHaveLength(1);
    expect(endpoint.tryReceive()).toBeUndefined();
    expect(endpoint.stats()).toMatchObject({ malformed: 0 });
  });

  it('from other addresses than a synchronous send went to do not answer it, nor do those for another path', async () => {
    const { endpoint, clock, deliver, datagrams } = await open();
    const stranger = { ...peer, port: 4001 };
    let isTaken = false;
    const sending = endpoint.send('udp://198.51.100.1:4000', id, { sync: true }).then(() => {
      isTaken = true;
    });
    const settle = async () => {
      await new Promise(resolve => setImmediate(resolve));
      clock.advance(0);
    };
    await settle();
    expect(datagrams()).toHaveLength(1);
    deliver(stranger, identityFrame(noEndpoint, id));
    expect(datagrams()).toEqual([]);
    deliver(peer, identityFrame(id, id));
    expect(datagrams()).toEqual([]);
    deliver(peer, identityFrame(noEndpoint, id));
    const [sent] = datagrams();
    const path = Buffer.from(sent!.subarray(packetHeaderBytes + 5, packetHeaderBytes + 5 + idBytes));
    deliver(stranger, takenFrame(path, 1));
    deliver(peer, takenFrame(id, 1), takenFrame(path, 2));
    await settle();
    expect(isTaken).toBe(false);
    deliver(peer, takenFrame(path, 1));
    await sending;
  });

  it('of any bytes never throw', async () => {
    const { endpoint, deliver } = await open();
    const types = Object.values(MessageFrame);
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 60 }), (type, body) => {
        deliver(peer, frame(type, body));
        deliver(peer, body);
      }),
    );
    expect(endpoint.stats().malformed).toBeGreaterThan(0);
  });
});

describe('a stream', () => {
  const malformed: Record<string, Buffer> = {
    'does not greet': Buffer.from('GET / HTTP/1.1'),
    'brings a message before its sender': Buffer.concat([greeting, frame(MessageFrame.message, id)]),
    'brings a sender without an address': Buffer.concat([greeting, senderFrame('nowhere')]),
    'brings a sender of another transport': Buffer.concat([greeting, senderFrame('udp://127.0.0.1:1')]),
    'brings an address without end': Buffer.concat([greeting, senderFrame(`tcp://${'a'.repeat(600)}:1`)]),
    'brings a longer frame than is taken': Buffer.concat([greeting, Buffer.from('7fffffff40', 'hex')]),
  };

  it.each(Object.entries(malformed))('is closed that %s', async (_, bytes) => {
    const endpoint = await openEndpoint('tcp://127.0.0.1:0', { messageBytes: 1000 });
    opened.push(endpoint);
    const socket = connect({ host: '127.0.0.1', port: Number(endpoint.address.split(':').at(-1)) });
    socket.resume();
    socket.on('error', () => {});
    socket.write(bytes);
    await once(socket, 'close');
    const { malformed, damaged } = endpoint.stats();
    expect(malformed + damaged).toBe(1);
    expect(endpoint.tryReceive()).toBeUndefined();
  });
});
