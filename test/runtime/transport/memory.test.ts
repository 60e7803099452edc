import { describe, expect, it } from 'vitest';
import { dialMemory, listenMemory } from '../../../runtime/src/transport/memory.js';
import { createTransportCounters, type Link } from '../../../runtime/src/transport/transport.js';
import { createManualClock } from '../request-reply/support.js';

function frame(text: string): Buffer {
  const bytes = Buffer.alloc(4 + text.length);
  bytes.writeUInt32BE(text.length, 0);
  bytes.write(text, 4);
  return bytes;
}

async function connect(name: string) {
  const clock = createManualClock();
  const log: string[] = [];
  const links: Link[] = [];
  const options = (side: string) => ({
    clock,
    counters: createTransportCounters(),
    maxFrame: 1000,
    handlers: {
      onFrames(link: Link, bytes: Buffer, start: number, end: number) {
        if (!links.includes(link)) links.push(link);
        log.push(`${side}: ${bytes.toString('latin1', start + 4, end)}`);
      },
      onDown: () => log.push(`${side}: down`),
    },
  });
  const listener = await listenMemory(name, options('server'));
  const link = await dialMemory(name, options('client'));
  return { clock, log, links, listener, link };
}

describe('the memory transport', () => {
  it('carries frames both ways, in a later turn', async () => {
    const { clock, log, links, link, listener } = await connect('both-ways');
    link.send(frame('ping'), 0, 8);
    expect(log).toEqual([]);
    clock.advance(0);
    links[0]!.send(frame('pong'), 0, 8);
    clock.advance(0);
    expect(log).toEqual(['server: ping', 'client: pong']);
    listener.close();
  });

  it('holds a client back that does not read, and goes on when it reads', async () => {
    const { clock, log, links, link, listener } = await connect('full');
    link.send(frame('hello'), 0, 9);
    clock.advance(0);
    const [server] = links;
    const answer = frame('x'.repeat(900));
    for (let sent = 0; sent < 64 * 1024; sent += answer.length) server!.send(answer, 0, answer.length);
    server!.flush();
    expect(server!.full).toBe(true);
    log.length = 0;
    clock.advance(0);
    expect(log).toHaveLength(73);
    expect(server!.full).toBe(false);
    link.send(frame('more'), 0, 8);
    clock.advance(0);
    expect(log.at(-1)).toBe('server: more');
    listener.close();
  });

  it('tells the other end of a close, after what was sent before', async () => {
    const { clock, log, link, listener } = await connect('closing');
    link.send(frame('last'), 0, 8);
    link.close();
    clock.advance(0);
    expect(log).toEqual(['server: last', 'server: down']);
    listener.close();
  });

  it('tells clients when their server closes', async () => {
    const { clock, log, listener } = await connect('server-closes');
    listener.close();
    clock.advance(0);
    expect(log).toEqual(['client: down']);
  });

  it('knows servers by name, one at a time', async () => {
    const { listener, clock } = await connect('taken');
    const options = {
      clock,
      counters: createTransportCounters(),
      maxFrame: 1000,
      handlers: { onFrames() {} },
    };
    await expect(listenMemory('taken', options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(dialMemory('nobody', options)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    listener.close();
    await expect(dialMemory('taken', options)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    (await listenMemory('taken', options)).close();
  });
});
