/** The examples of groups, each played on hosts of a network that loses, doubles and delays. */
import { simulate, type World } from '@convoke/runtime/testing';
import { describe, expect, it } from 'vitest';
import { playCache } from '../../../examples/src/groups/cache/play.js';
import { playChat } from '../../../examples/src/groups/chat/play.js';
import { playDiscovery } from '../../../examples/src/groups/discovery/play.js';
import { playLedger } from '../../../examples/src/groups/ledger/play.js';
import type { Scene } from '../../../examples/src/groups/scene.js';
import { playTicker } from '../../../examples/src/groups/ticker/play.js';

const seeds = Array.from({ length: 20 }, (_, index) => index);

interface Played<Result> {
  readonly result: Result;
  readonly shown: readonly string[];
}

async function play<Result>(
  seed: number,
  example: (scene: Scene) => Promise<Result>,
): Promise<Played<Result>> {
  const world: World = simulate({ seed, loss: 0.1, duplicate: 0.1, latency: [1, 60], trace: false });
  const shown: string[] = [];
  const scene: Scene = {
    joinAs: name => (address, options) => world.host(name).join(address, options),
    show: line => void shown.push(line),
  };
  return { result: await world.run(() => example(scene)), shown };
}

describe.each(seeds)('with seed %i', seed => {
  it('the ledger pays out once, and all branches agree', async () => {
    const { result, shown } = await play(seed, playLedger);
    expect(result).toEqual(['35', '35', '35']);
    const answers = shown.slice(0, 2).map(line => line.slice(line.indexOf(':') + 1).trim());
    expect(answers.sort()).toEqual(['30 left, 30 left', 'no, only 30 there, no, only 30 there']);
  });

  it('the chat shows a question before its answer', async () => {
    const { result } = await play(seed, playChat);
    expect(result).toEqual(['ann: when do we meet?', 'ben: at six']);
  });

  it('the cache asks the database once for each version', async () => {
    const { result, shown } = await play(seed, playCache);
    expect(result).toBe(2);
    expect(shown.map(line => line.split(': ').at(-1)!.trim())).toEqual([
      'tea, 3.50 €',
      'tea, 3.50 €',
      'tea, 3.90 €',
      'tea, 3.90 €',
      '2',
    ]);
  });

  it('the ticker shows all prices in their order', async () => {
    const { result, shown } = await play(seed, playTicker);
    expect(result).toEqual([18010, 18025, 17990, 18100, 18140]);
    expect(shown).toContain('the alarm rings: ACME at 181.4');
  });

  it('services are found as long as they are there', async () => {
    const { result } = await play(seed, playDiscovery);
    const [one, other, scanner] = ['udp://10.0.0.7:9100', 'udp://10.0.0.8:9100', 'udp://10.0.0.8:9200'];
    expect(result).toEqual([[one, other], [scanner], [], [one]]);
  });
});
