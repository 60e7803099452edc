import { createCounter, type Scene } from '../scene.js';
import { joinCache } from './cache.js';

/** Two web servers and one slow database. */
export async function playCache({ joinAs, show }: Scene): Promise<number> {
  const database = new Map([['product 7', 'tea, 3.50 €']]);
  let queries = 0;
  const query = async (key: string): Promise<string> => {
    queries++;
    return database.get(key) ?? 'sold out';
  };
  const first = await joinCache(joinAs('first'), query);
  const arrived = createCounter();
  const second = await joinCache(joinAs('second'), query, arrived.count);

  show(`the first server asks the database:  ${await first.get('product 7')}`);
  await arrived(1);
  show(`the second one has it already:       ${await second.get('product 7')}`);
  database.set('product 7', 'tea, 3.90 €');
  await second.forget('product 7');
  show(`the price has changed:               ${await second.get('product 7')}`);

  // Who joins later is handed the cache, warm.
  const third = await joinCache(joinAs('third'), query);
  show(`a third server starts, and knows it: ${await third.get('product 7')}`);
  show(`queries of the database: ${queries}`);
  await Promise.all([first, second, third].map(({ member }) => member.close()));
  return queries;
}
