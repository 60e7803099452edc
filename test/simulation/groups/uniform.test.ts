/** What `safe` adds: nobody delivers what the others may never hear of. */
import { expect, test } from 'vitest';
import { play, type Scenario } from './stage.js';

const unheard = (safe: boolean): Scenario => ({
  number: 19,
  title: 'a message reaches nobody, its sender delivers it and dies',
  async run(stage) {
    const actors = await stage.joinAll('abc');
    const [sender] = actors;
    for (const other of ['b', 'c']) stage.world.cut('a', other);
    sender!.send({ order: 'total', safe });
    await stage.world.sleep(500);
    expect(sender!.delivered).toHaveLength(safe ? 0 : 1);
    stage.fail('a', 'crash');
    stage.world.heal();
    await stage.viewOf('bc');
  },
});

test('a safe message is delivered nowhere before a majority holds it, not even by the sequencer that sent it', async () => {
  for (let seed = 1; seed <= 5; seed++) await play(unheard(true), seed);
});

test('one that is not safe is delivered by its sender, which the judge accepts', async () => {
  await play(unheard(false), 1);
});
