/** A request says which incarnation of the server it is for; another never executes it. */
import type { Packet } from '@convoke/runtime/testing';
import { expect, test } from 'vitest';
import { play, type Scenario } from './stage.js';
import { bears, forge, framesOf } from './wire.js';

/** From a session frame's body to its epoch: behind client id and token. */
const epochAt = 24;

const otherEpoch: Scenario = {
  number: 100,
  title: 'a request names another epoch, and is else in order',
  async run(stage) {
    const server = await stage.serve();
    const client = await stage.client();
    await stage.succeed(client, 'once');
    const lost: Packet[] = [];
    const remove = stage.world.intercept(packet => {
      if (!bears(packet, 'request')) return undefined;
      lost.push(packet);
      return 'drop';
    });
    const call = stage.call(client, 'once', { key: 'the call' });
    await stage.world.sleep(100);
    const [request] = lost as [Packet];
    const { start } = framesOf(request).find(frame => frame.name === 'session')!;
    const data = forge(request, bytes => {
      bytes[start + epochAt]! ^= 1;
    });
    // Only the server is to see it: its answer would end the client's session.
    const { from, to } = request;
    const removeAnswer = stage.world.intercept(packet => (bears(packet, 'reset') ? 'drop' : undefined));
    stage.world.inject({ from, to, data });
    await stage.world.sleep(100);
    expect(stage.oracle.executionsOf('the call')).toHaveLength(0);
    expect(server.stats().resets).toBeGreaterThan(0);
    remove();
    removeAnswer();
    expect((await call).kind).toBe('receipt');
  },
};

test(otherEpoch.title, async () => {
  for (let seed = 1; seed <= 20; seed++) await play(otherEpoch, seed);
});
