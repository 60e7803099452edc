import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { Ending, Ledger, Refused } from '../../../generated/testing/ledger/index.js';
import { metrics } from '../../../runtime/src/opentelemetry/index.js';
import { bears } from '../../simulation/wire.js';
import { failure, job, play } from '../ledger.js';

/** Reads when it is asked to, without timers. */
class AskedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function createRecorder() {
  const reader = new AskedReader();
  const provider = new MeterProvider({ readers: [reader] });
  return {
    ...metrics({ meter: provider.getMeter('test') }),
    /** The values of an instrument: each with its attributes, those of the system and the method left out. */
    async values(name: string) {
      const { resourceMetrics } = await reader.collect();
      const found = resourceMetrics.scopeMetrics
        .flatMap(scope => scope.metrics)
        .find(({ descriptor }) => descriptor.name === name);
      return (found?.dataPoints ?? []).map(({ attributes, value }) => {
        const { 'rpc.system.name': system, 'rpc.method': method, ...rest } = attributes;
        expect(system).toBe('convoke');
        return { method, ...rest, value };
      });
    },
  };
}

const once = 'convoke.testing.Ledger/once';

describe('metrics', () => {
  it('are of both sides of calls: how long they take, and how they end', () => {
    const recorder = createRecorder();
    return play(
      {
        atLeastOnce({ key }) {
          throw new Refused({ key, execution: 1 });
        },
      },
      async ({ client, channel, server }) => {
        recorder.channel(channel);
        recorder.server(server);
        await client.once(job('a', { work: 2000 }));
        await client.once(job('b', { work: 2000 }));
        await client.atLeastOnce(job('c', { ending: Ending.refused })).catch(() => {});
        const code = 'convoke.testing.Refused';
        const ok = { method: once, 'rpc.response.status_code': 'ok' };
        const refused = { method: 'convoke.testing.Ledger/atLeastOnce', 'rpc.response.status_code': code };
        const atClient = await recorder.values('rpc.client.call.duration');
        expect(atClient).toMatchObject([
          { ...ok, value: { count: 2 } },
          { ...refused, 'error.type': code, value: { count: 1 } },
        ]);
        const atServer = await recorder.values('rpc.server.call.duration');
        expect(atServer).toMatchObject([
          { ...ok, value: { count: 2, sum: 4, min: 2, max: 2 } },
          { ...refused, value: { count: 1 } },
        ]);
        expect(atServer[1]).not.toHaveProperty('error.type');
      },
    );
  });

  it('count what the protocol did to keep its promise', () => {
    const recorder = createRecorder();
    return play({}, async ({ client, channel, server, world }) => {
      recorder.channel(channel);
      recorder.server(server);
      let lost = 0;
      world.intercept(packet => (bears(packet, 'reply') && lost++ < 2 ? 'drop' : undefined));
      await client.once(job('a'));
      const { retransmitted } = channel.stats();
      const { duplicates, resent } = server.stats();
      expect([retransmitted, duplicates, resent].every(each => each > 0)).toBe(true);
      expect(await recorder.values('convoke.client.retransmissions')).toEqual([
        { method: once, value: retransmitted },
      ]);
      expect(await recorder.values('convoke.server.duplicates')).toEqual([
        { method: once, 'convoke.reason': 'answered', value: duplicates },
      ]);
      expect(await recorder.values('convoke.server.resent')).toEqual([{ method: once, value: resent }]);
    });
  });

  it('count refusals with their codes', () => {
    const recorder = createRecorder();
    return play({}, async ({ client, server }) => {
      recorder.server(server);
      await server.drain({ timeout: 0 });
      await failure(client.once(job('a')));
      expect(await recorder.values('convoke.server.refused')).toEqual([
        { method: once, 'rpc.response.status_code': 'unavailable', value: 1 },
      ]);
    });
  });

  it('show what is held now, summed over all that is measured, until that ends', () => {
    const recorder = createRecorder();
    return play(
      {},
      async ({ client, channel, server, world }) => {
        const stopChannel = recorder.channel(channel);
        const stopServer = recorder.server(server);
        const second = await world.host('another').connect('udp://server:7000');
        recorder.channel(second);
        await client.once(job('a'));
        await client.once(job('b'));
        const waiting = [
          client.once(job('c', { work: 1000 })),
          client.once(job('d', { work: 1000 })),
          second.client(Ledger).once(job('e', { work: 1000 })),
        ];
        await world.sleep(500);
        const value = async (name: string) => (await recorder.values(name)).map(each => each.value);
        expect(await value('convoke.client.calls.pending')).toEqual([3]);
        expect(await value('convoke.server.calls.running')).toEqual([2]);
        expect(await value('convoke.server.calls.queued')).toEqual([1]);
        expect(await value('convoke.server.sessions')).toEqual([2]);
        expect(await value('convoke.server.streams')).toEqual([0]);
        const { historyEntries, historyBytes } = server.stats();
        expect(historyEntries).toBeGreaterThanOrEqual(3);
        expect(await value('convoke.server.history.entries')).toEqual([historyEntries]);
        expect(await value('convoke.server.history.size')).toEqual([historyBytes]);
        stopChannel();
        stopServer();
        expect(await value('convoke.client.calls.pending')).toEqual([1]);
        expect(await value('convoke.server.sessions')).toEqual([0]);
        await Promise.all(waiting);
        expect(await recorder.values('rpc.client.call.duration')).toMatchObject([{ value: { count: 3 } }]);
      },
      { serve: { limits: { runningCalls: 2 } } },
    );
  });
});
