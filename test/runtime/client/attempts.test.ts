import { describe, expect, it } from 'vitest';
import { bears } from '../../simulation/wire.js';
import { failure, job, type Parts, play } from '../ledger.js';

/** Has the network lose so many frames of this kind. */
function lose({ world }: Parts, kind: 'request' | 'reply', count = Number.POSITIVE_INFINITY): void {
  let lost = 0;
  world.intercept(packet => (bears(packet, kind) && lost++ < count ? 'drop' : undefined));
}

describe('a call of one attempt', () => {
  it('is not sent again, and ends by its deadline', () =>
    play({}, async parts => {
      const { client, channel, executed } = parts;
      await client.once(job('first'));
      lose(parts, 'request', 1);
      const error = await failure(client.once(job('a'), { attempts: 1, deadline: 3000 }));
      expect(error).toMatchObject({ code: 'deadline-exceeded', outcome: 'unknown', attempts: 1 });
      expect(executed).toEqual(['first']);
      expect(channel.stats().retransmitted).toBe(0);
      expect(channel.stats().probes).toBeGreaterThan(0);
    }));

  it('still gets a reply of which copies were lost', () =>
    play({}, async parts => {
      const { client, channel, executed } = parts;
      await client.once(job('first'));
      lose(parts, 'reply', 3);
      expect((await client.once(job('a'), { attempts: 1 })).key).toBe('a');
      expect(executed).toEqual(['first', 'a']);
      expect(channel.stats().retransmitted).toBe(0);
    }));

  it('of at-least-once semantics executes once at the most', () =>
    play({}, async parts => {
      const { client, executed } = parts;
      await client.once(job('first'));
      lose(parts, 'reply');
      const error = await failure(client.atLeastOnce(job('a'), { attempts: 1, deadline: 3000 }));
      expect(error).toMatchObject({ code: 'deadline-exceeded', outcome: 'unknown', attempts: 1 });
      expect(executed).toEqual(['first', 'a']);
    }));

  it('of at-least-once semantics does not wait for a server that was started anew', () =>
    play({}, async ({ client, world, executed }) => {
      await client.once(job('first'));
      const call = failure(client.atLeastOnce(job('a', { work: 10_000 }), { attempts: 1 }));
      await world.sleep(50);
      const host = world.host('server');
      host.crash();
      host.restart();
      await host.serve({ listen: 'udp://server:7000', services: [] });
      expect(await call).toMatchObject({ code: 'unavailable', outcome: 'unknown', attempts: 1 });
      expect(executed).toEqual(['first', 'a']);
    }));

  it('over a connection that breaks is not sent over the next', () =>
    play(
      {},
      async ({ client, world, executed }) => {
        await client.once(job('first'));
        const call = client.once(job('a', { work: 500 }), { attempts: 1 });
        await world.sleep(100);
        world.resetConnections('client', 'server');
        expect((await call).key).toBe('a');
        expect(executed).toEqual(['first', 'a']);
      },
      { scheme: 'tcp' },
    ));
});

describe('attempts', () => {
  it('bound the copies that are sent', () =>
    play({}, async parts => {
      const { client } = parts;
      await client.once(job('first'));
      lose(parts, 'request');
      expect(await failure(client.once(job('a'), { attempts: 3, deadline: 20_000 }))).toMatchObject({
        code: 'deadline-exceeded',
        attempts: 3,
      });
    }));

  it.each([0, -1, Number.NaN])('of %d are refused', attempts =>
    play({}, async ({ client }) => {
      expect(await failure(client.once(job('a'), { attempts }))).toMatchObject({
        code: 'invalid-argument',
        outcome: 'not-executed',
        attempts: 0,
      });
    }),
  );
});

describe('the retry budget of a channel', () => {
  it('bounds what all of its calls send again; beyond it they ask by probes', () =>
    play(
      {},
      async parts => {
        const { client, channel } = parts;
        await client.once(job('first'));
        lose(parts, 'request');
        const calls = Array.from({ length: 20 }, (_, index) =>
          failure(client.once(job(`${index}`), { deadline: 10_000 })),
        );
        for (const { code } of await Promise.all(calls)) expect(code).toBe('deadline-exceeded');
        // A fifth of the calls.
        expect(channel.stats().retransmitted).toBe(4);
        expect(channel.stats().probes).toBeGreaterThan(0);
      },
      { connect: { retryBudget: { ratio: 0.2, perSecond: 0 } } },
    ));

  it('gives to calls in time what they need', () =>
    play(
      {},
      async parts => {
        const { client, executed } = parts;
        await client.once(job('first'));
        lose(parts, 'request', 40);
        const calls = Array.from({ length: 20 }, (_, index) =>
          client.once(job(`${index}`), { deadline: 60_000 }),
        );
        expect(await Promise.all(calls)).toHaveLength(20);
        expect(executed).toHaveLength(21);
      },
      { connect: { retryBudget: { ratio: 0, perSecond: 5 } } },
    ));
});
