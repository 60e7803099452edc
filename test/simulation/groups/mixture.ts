/** Everything at once: members come, go, die, freeze and lose each other while they send in each order. */
import type { Manner } from './actor.js';
import type { GroupStage, Scenario } from './stage.js';

const orders = ['unordered', 'fifo', 'causal', 'total'] as const;

/** Milliseconds for which things happen. */
const turmoil = 15_000;

/** Sends whatever comes to mind until the turmoil is over. */
async function chat(stage: GroupStage, name: string, until: number, pause: number): Promise<void> {
  while (stage.world.now < until) {
    await stage.world.sleep(2 * pause * stage.random());
    const actor = stage.living.find(each => each.name === name);
    if (actor === undefined || !actor.member.writable) continue;
    const manner: Manner = {
      order: stage.pick(orders),
      safe: stage.random() < 0.3,
      length: stage.random() < 0.05 ? stage.between(1000, 30_000) : stage.between(0, 200),
    };
    for (let burst = stage.pick([1, 1, 1, 5]); burst > 0 && actor.isAlive && actor.member.writable; burst--) {
      actor.send(manner);
    }
  }
}

/** A host whose member is gone for good joins again, as another member. */
async function rejoin(stage: GroupStage, name: string): Promise<void> {
  if (!stage.host(name).isUp) stage.restart(name);
  await stage.join(name);
}

/** Hosts on which no member runs or is about to. */
const without = (stage: GroupStage, names: readonly string[]): string[] =>
  names.filter(name => !stage.isJoining(name) && !stage.living.some(actor => actor.name === name));

const troubles: readonly ((stage: GroupStage, names: readonly string[]) => Promise<void>)[] = [
  async (stage, names) => {
    const gone = without(stage, names);
    if (gone.length > 0) stage.aside(rejoin(stage, stage.pick(gone)));
  },
  async (stage, names) => {
    const gone = without(stage, names);
    for (const name of gone) stage.aside(rejoin(stage, name));
  },
  async stage => {
    if (stage.living.length > 2) stage.aside(stage.pick(stage.living).leave());
  },
  async stage => {
    if (stage.living.length > 2)
      stage.fail(stage.pick(stage.living).name, stage.pick(['crash', 'kill'] as const));
  },
  async stage => {
    if (stage.living.length > 0)
      stage.pause(stage.pick(stage.living).name, stage.pick([300, 1500, 2500, 5000]));
  },
  async stage => {
    stage.world.faults({ loss: stage.pick([0.05, 0.1, 0.2]) });
    await stage.world.sleep(1000);
    stage.world.faults({ loss: 0 });
  },
  async (stage, names) => {
    const shuffled = stage.shuffle(names);
    const parts: string[] = [];
    while (shuffled.length > 0) parts.push(shuffled.splice(0, stage.between(1, names.length)).join(''));
    stage.partition(...parts);
    await stage.world.sleep(stage.pick([500, 2000, 6000]));
    stage.heal();
    await stage.world.sleep(2000 * stage.random());
  },
];

export const mixture: Scenario = {
  number: 0,
  title: 'joins, leaves, crashes, pauses, loss, partitions and merges, all at once',
  faults: { duplicate: 0.02, reorder: 0.02, latency: [1, 8] },
  async run(stage) {
    const names = [...'abcdefghi'].slice(0, stage.between(3, 9));
    await Promise.all(names.map(name => stage.join(name)));
    const until = stage.world.now + turmoil;
    const pause = stage.pick([20, 60, 200]);
    const chats = names.map(name => chat(stage, name, until, pause));
    while (stage.world.now < until) {
      await stage.world.sleep(stage.pick([50, 500, 2000]) * stage.random());
      await stage.pick(troubles)(stage, names);
    }
    await Promise.all(chats);
  },
};
