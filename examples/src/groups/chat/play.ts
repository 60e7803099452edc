import { createCounter, type Scene } from '../scene.js';
import { type Chatter, joinChat } from './chat.js';

/** Ann asks, Ben answers as soon as he hears it, and Cleo, who is far away, hears the question first all the same. */
export async function playChat({ joinAs, show }: Scene): Promise<string[]> {
  const heardByCleo: string[] = [];
  const heard = createCounter();
  const ann = await joinChat(joinAs('ann'), 'ann', () => heard.count());
  const ben: Chatter = await joinChat(joinAs('ben'), 'ben', text => {
    if (text.endsWith('?')) ben.say('at six');
    heard.count();
  });
  const cleo = await joinChat(joinAs('cleo'), 'cleo', (text, from) => {
    heardByCleo.push(`${from}: ${text}`);
    heard.count();
  });

  ann.say('when do we meet?');
  // Two lines, each heard by three.
  await heard(6);
  show('Cleo hears:');
  for (const line of heardByCleo) show(`  ${line}`);
  await Promise.all([ann, ben, cleo].map(({ member }) => member.close()));
  return heardByCleo;
}
