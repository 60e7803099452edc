import { describe, expect, it } from 'vitest';
import { Ending, Ledger } from '../../../generated/testing/ledger/index.js';
import { implement } from '../../../runtime/src/index.js';
import { sendHello, sessionFrame } from '../../../runtime/src/request-reply/handshake-frames.js';
import { writeRequest } from '../../../runtime/src/request-reply/request-frame.js';
import { simulate } from '../../../runtime/src/testing/index.js';
import { frameOf } from '../request-reply/support.js';

const clientId = Buffer.alloc(16, 7);

/** What a client sends to have `count` calls executed, each with a reply of 10,000 bytes. */
function requests(count: number): Buffer {
  const atLeastOnce = Ledger.procedures.find(({ name }) => name === 'atLeastOnce')!;
  const job = { key: 'call', work: 0, padding: 10_000, ending: Ending.receipt };
  const frames = Array.from({ length: count }, (_, i) => {
    const { bytes, start, end } = writeRequest(atLeastOnce, i + 1, [job], undefined);
    return Buffer.from(bytes.subarray(start, end));
  });
  return Buffer.concat(frames);
}

describe('a client that calls and does not read its replies', () => {
  it('has no further calls executed until it reads, and holds up nobody else', async () => {
    const world = simulate({ seed: 1, latency: 1 });
    const calls = 2000;
    await world.run(async () => {
      const receipt = ({ key, padding }: { key: string; padding: number }) => ({
        key,
        execution: 1,
        padding: Buffer.alloc(padding),
      });
      const server = await world.host('server').serve({
        listen: 'tcp://server:7000',
        services: [implement(Ledger, { once: receipt, atLeastOnce: receipt, perhaps: receipt, note() {} })],
      });
      const { streams } = world.host('hostile').platform;
      const socket = await streams.connect({ host: 'server', port: 7000 });
      let received = 0;
      let welcome: Buffer | undefined;
      socket.onData = chunk => {
        welcome ??= chunk;
        received += chunk.length;
      };
      socket.write(Buffer.from('43564b01', 'hex'));
      socket.write(
        frameOf(link =>
          sendHello(link, {
            clientId,
            nonce: Buffer.alloc(8, 1),
            firstNumber: 1,
            messageBytes: 1 << 20,
            token: Buffer.alloc(8),
            cookie: Buffer.alloc(32),
          }),
        ),
      );
      await world.sleep(100);
      // Behind the greeting, a frame's head and the nonce.
      const epochAt = 4 + 5 + 8;
      const epoch = welcome!.subarray(epochAt, epochAt + 8);
      socket.write(sessionFrame(clientId, welcome!.subarray(epochAt + 8, epochAt + 16), epoch));
      socket.pause();
      // In pieces: what one read brings is executed.
      const all = requests(calls);
      for (let at = 0; at < all.length; at += 1000) {
        socket.write(all.subarray(at, at + 1000));
        await world.sleep(2);
      }
      await world.sleep(1000);
      const { executed } = server.stats();
      expect(executed).toBeGreaterThan(20);
      expect(executed).toBeLessThan(calls / 10);

      const other = (await world.host('client').connect('tcp://server:7000')).client(Ledger);
      const job = { key: 'other', work: 0, padding: 100_000, ending: Ending.receipt };
      for (let i = 0; i < 10; i++) expect((await other.once(job)).padding).toHaveLength(100_000);
      expect(server.stats().executed).toBe(executed + 10);

      socket.resume();
      await world.sleep(10_000);
      expect(server.stats().executed).toBe(calls + 10);
      expect(received).toBeGreaterThan(calls * 10_000);
      socket.destroy();
    });
  });
});
