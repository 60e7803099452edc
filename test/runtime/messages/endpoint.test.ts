import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Endpoint,
  EndpointError,
  type EndpointOptions,
  type Message,
  openEndpoint,
} from '../../../runtime/src/messages/index.js';
import { temporaryFolder } from '../../compiler/temporary.js';

const opened: Endpoint[] = [];
afterEach(async () => {
  for (const endpoint of opened.splice(0)) await endpoint.close();
});

async function open(address: string, options?: EndpointOptions): Promise<Endpoint> {
  const endpoint = await openEndpoint(address, options);
  opened.push(endpoint);
  return endpoint;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (message: Message | undefined): string | undefined =>
  message && new TextDecoder().decode(message.data);

/** The error of a send that must fail. */
async function failure(sending: Promise<void>): Promise<EndpointError> {
  const error = await sending.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EndpointError);
  return error as EndpointError;
}

let names = 0;
/** Addresses of endpoints that nobody else has. */
const fresh: Readonly<Record<string, () => string>> = {
  udp: () => 'udp://127.0.0.1:0',
  tcp: () => 'tcp://127.0.0.1:0',
  unix: () => `unix:${join(temporaryFolder(), 'endpoint.sock')}`,
  memory: () => `memory:endpoint-${++names}`,
};
const schemes = Object.keys(fresh);
const pair = async (scheme: string, options?: EndpointOptions) =>
  [await open(fresh[scheme]!(), options), await open(fresh[scheme]!(), options)] as const;

describe.each(schemes)('endpoints over %s', scheme => {
  it('send and receive, and answer where a message says that it comes from', async () => {
    const [a, b] = await pair(scheme);
    await a.send(b.address, bytes('ping'));
    const ping = await b.receive();
    expect([textOf(ping), ping.from]).toEqual(['ping', a.address]);
    await b.send(ping.from, bytes('pong'));
    const pong = await a.receive();
    expect([textOf(pong), pong.from]).toEqual(['pong', b.address]);
  });

  it('resolve a synchronous send when the receiver has taken the message, not before', async () => {
    const [a, b] = await pair(scheme);
    let isTaken = false;
    const sending = a.send(b.address, bytes('one'), { sync: true }).then(() => {
      isTaken = true;
    });
    // The second message shows that the first one has arrived: those of one sender come in order here.
    while (b.stats().queued === 0) await new Promise(resolve => setImmediate(resolve));
    const probe = a.send(b.address, bytes('two'));
    while (b.stats().queued < 2) await new Promise(resolve => setImmediate(resolve));
    await probe;
    expect(isTaken).toBe(false);
    expect(textOf(b.tryReceive())).toBe('one');
    await sending;
    expect(textOf(b.tryReceive())).toBe('two');
    expect(b.tryReceive()).toBeUndefined();
  });

  it('carry an empty message, and one as long as may be', async () => {
    const [a, b] = await pair(scheme, { messageBytes: 300_000 });
    await a.send(b.address, new Uint8Array());
    expect((await b.receive()).data).toEqual(new Uint8Array());
    const longest = new Uint8Array(a.longestMessage).map((_, index) => index);
    await Promise.all([a.send(b.address, longest, { sync: true }), b.receive()]);
    await a.send(b.address, longest);
    expect(Buffer.compare((await b.receive()).data, longest)).toBe(0);
  });

  it('refuse a longer message and say what would help', async () => {
    const [a, b] = await pair(scheme, { messageBytes: 100_000 });
    const error = await failure(a.send(b.address, new Uint8Array(a.longestMessage + 1)));
    expect(error).toMatchObject({ code: 'EMSGSIZE', taken: 'no' });
    expect(error.message).toContain(`at most ${a.longestMessage} bytes`);
    expect(error.message).toContain(scheme === 'udp' ? 'send it over TCP' : 'raise messageBytes');
  });

  it('have one receiver an address', async () => {
    const first = await open(fresh[scheme]!());
    await expect(openEndpoint(first.address)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('reject what waits when they are closed, and all that comes later', async () => {
    const [a, b] = await pair(scheme);
    const receiving = a.receive();
    const sending = a.send(b.address, bytes('never taken'), { sync: true });
    while (b.stats().queued === 0) await new Promise(resolve => setImmediate(resolve));
    const [received, sent] = [receiving.catch(error => error), failure(sending)];
    await a.close();
    expect(await received).toMatchObject({ code: 'ECANCELED' });
    expect(await sent).toMatchObject({ code: 'ECANCELED', taken: 'unknown' });
    expect(await failure(a.send(b.address, bytes('late')))).toMatchObject({ code: 'ECANCELED', taken: 'no' });
    await expect(a.receive()).rejects.toMatchObject({ code: 'ECANCELED' });
    expect(a.tryReceive()).toBeUndefined();
    await a.close();
  });

  it('hand over what was sent before they are closed', async () => {
    const [a, b] = await pair(scheme);
    await a.send(b.address, bytes('first'));
    const last = a.send(b.address, bytes('last'));
    await last;
    await a.close();
    expect([textOf(await b.receive()), textOf(await b.receive())]).toEqual(['first', 'last']);
  });

  it('copy the bytes when they are sent, and give away those that are received', async () => {
    const [a, b] = await pair(scheme);
    const data = bytes('same');
    const sending = [a.send(b.address, data), a.send(b.address, data, { sync: true })];
    data.fill(0);
    const messages = [await b.receive(), await b.receive()];
    await Promise.all(sending);
    expect(messages.map(textOf)).toEqual(['same', 'same']);
    messages[0]!.data.fill(0);
    expect(textOf(messages[1])).toBe('same');
  });
});

describe('receiving', () => {
  it('waits for as long as it is told, and resolves to undefined then', async () => {
    const [a, b] = await pair('memory');
    expect(await b.receive({ timeout: 0 })).toBeUndefined();
    expect(await b.receive({ timeout: 5 })).toBeUndefined();
    const receiving = b.receive({ timeout: 60_000 });
    await a.send(b.address, bytes('in time'));
    expect(textOf(await receiving)).toBe('in time');
    await a.send(b.address, bytes('not lost to the one that gave up'));
    expect(textOf(await b.receive())).toBe('not lost to the one that gave up');
    for (const timeout of [-1, Number.NaN]) await expect(b.receive({ timeout })).rejects.toThrow(RangeError);
  });

  it('serves those that wait in the order in which they came', async () => {
    const [a, b] = await pair('tcp');
    const receiving = [b.receive(), b.receive({ timeout: 60_000 }), b.receive()];
    for (const text of ['1', '2', '3']) await a.send(b.address, bytes(text));
    expect((await Promise.all(receiving)).map(textOf)).toEqual(['1', '2', '3']);
  });

  it('tells listeners of what waited and what comes, until they are taken off', async () => {
    const [a, b] = await pair('memory');
    await a.send(b.address, bytes('waited'), { sync: false });
    while (b.stats().queued === 0) await new Promise(resolve => setImmediate(resolve));
    const heard: (string | undefined)[] = [];
    const listener = (message: Message) => void heard.push(textOf(message));
    b.on('message', listener);
    expect(heard).toEqual([]);
    await a.send(b.address, bytes('comes'), { sync: true });
    expect(heard).toEqual(['waited', 'comes']);
    const receiving = b.receive();
    await a.send(b.address, bytes('for the one that waits'), { sync: true });
    expect(textOf(await receiving)).toBe('for the one that waits');
    b.off('message', listener);
    await a.send(b.address, bytes('queued'));
    expect(textOf(await b.receive())).toBe('queued');
    expect(heard).toEqual(['waited', 'comes']);
  });
});

describe('the queue', () => {
  it('drops datagrams that find it full, and counts them', async () => {
    const a = await open('udp://127.0.0.1:0');
    const b = await open('udp://127.0.0.1:0', { queuedMessages: 2 });
    for (let i = 0; i < 5; i++) await a.send(b.address, bytes(`${i}`));
    while (b.stats().dropped < 3) await new Promise(resolve => setImmediate(resolve));
    expect(b.stats()).toMatchObject({ queued: 2, queuedBytes: 2, dropped: 3, taken: 0 });
    expect([textOf(b.tryReceive()), textOf(b.tryReceive()), b.tryReceive()]).toEqual(['0', '1', undefined]);
  });

  it.each(['tcp', 'unix', 'memory'])(
    'holds senders over %s back when it is full, and loses nothing',
    async scheme => {
      const a = await open(fresh[scheme]!());
      const b = await open(fresh[scheme]!(), { queuedBytes: 1 << 20 });
      const data = new Uint8Array(1 << 16);
      let handedOver = 0;
      const total = 400;
      const sending = (async () => {
        for (let i = 0; i < total; i++) {
          data[0] = i;
          await a.send(b.address, data);
          handedOver++;
        }
      })();
      // Until nothing moves any more: what the system buffers, some megabytes, is all that left.
      for (let before = -1; handedOver > before || b.stats().queued === 0; ) {
        before = handedOver;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
      expect(handedOver).toBeLessThan(total);
      expect(b.stats().queuedBytes).toBeLessThan(4 << 20);
      for (let i = 0; i < total; i++) expect((await b.receive()).data[0]).toBe(i & 0xff);
      await sending;
      expect(b.stats()).toMatchObject({ taken: total, dropped: 0, queuedBytes: 0 });
    },
  );
});

describe('a sender', () => {
  it.each(['tcp', 'unix', 'memory'])('learns over %s that nobody receives there', async scheme => {
    const a = await open(fresh[scheme]!());
    const gone = await open(fresh[scheme]!());
    await gone.close();
    const code = scheme === 'unix' ? 'ENOENT' : 'ECONNREFUSED';
    for (const sync of [false, true]) {
      expect(await failure(a.send(gone.address, bytes('?'), { sync }))).toMatchObject({ code, taken: 'no' });
    }
  });

  it.each(['tcp', 'unix', 'memory'])(
    'learns over %s that the receiver went, and reaches the next one',
    async scheme => {
      const [a, b] = await pair(scheme);
      await a.send(b.address, bytes('queued'));
      const sending = failure(a.send(b.address, bytes('?'), { sync: true }));
      while (b.stats().queued < 2) await new Promise(resolve => setImmediate(resolve));
      await b.close();
      expect(await sending).toMatchObject({ code: 'ECONNRESET', taken: 'unknown' });
      const next = await open(b.address);
      await Promise.all([next.receive(), a.send(b.address, bytes('again'), { sync: true })]);
    },
  );

  it('over UDP learns nothing of a message that nobody receives, unless it waits for it', async () => {
    const [a, b] = await pair('udp');
    await b.close();
    await a.send(b.address, bytes('lost'));
    const error = await failure(a.send(b.address, bytes('?'), { sync: true, timeout: 20 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', taken: 'no' });
  });

  it('sends over the transport of its own address only', async () => {
    const a = await open('udp://127.0.0.1:0');
    await expect(a.send('tcp://127.0.0.1:1', bytes('?'))).rejects.toThrow(TypeError);
    await expect(a.send('nowhere', bytes('?'))).rejects.toThrow(TypeError);
  });

  it.each([-1, Number.NaN, 120_001])('waits no %d milliseconds', async timeout => {
    const a = await open('memory:impatient');
    await expect(a.send('memory:other', bytes('?'), { sync: true, timeout })).rejects.toThrow(RangeError);
  });

  it('over UDP sends from the port at which it receives, whatever the receiver is called', async () => {
    const [a, b] = await pair('udp');
    const port = b.address.split(':').at(-1);
    await Promise.all([a.send(`udp://localhost:${port}`, bytes('by name'), { sync: true }), b.receive()]);
    const sending = a.send(b.address, bytes('by address'), { sync: true });
    const { from } = await b.receive();
    await sending;
    expect(from).toBe(a.address);
  });
});

it.each([
  { messageBytes: 0 },
  { queuedMessages: 1.5 },
  { queuedBytes: Number.POSITIVE_INFINITY },
  { datagramBytes: 10 },
])('an endpoint cannot have the bounds %o', async options => {
  await expect(openEndpoint('memory:bounds', options)).rejects.toThrow(RangeError);
});

it('many senders share one receiver, each of them in order', async () => {
  const receiver = await open('tcp://127.0.0.1:0');
  const senders = await Promise.all(Array.from({ length: 8 }, () => open('tcp://127.0.0.1:0')));
  const each = 50;
  for (let i = 0; i < each; i++)
    for (const sender of senders) void sender.send(receiver.address, Uint8Array.of(i));
  const received = new Map<string, number[]>(senders.map(({ address }) => [address, []]));
  for (let i = 0; i < each * senders.length; i++) {
    const { data, from } = await receiver.receive();
    received.get(from)!.push(data[0]!);
  }
  const inOrder = Array.from({ length: each }, (_, i) => i);
  for (const numbers of received.values()) expect(numbers).toEqual(inOrder);
});
