/** `npm run example:chat`; or `npm run example:chat -- ann` in one terminal, and `… -- ben` in another. */
import { createInterface } from 'node:readline';
import { join } from '@convoke/runtime/group';
import { thisMachine } from '../scene.js';
import { joinChat } from './chat.js';
import { playChat } from './play.js';

const [name] = process.argv.slice(2);
if (name === undefined) await playChat(thisMachine);
else {
  const { member, say } = await joinChat(join, name, (text, from) => {
    if (from !== name) console.log(`${from}: ${text}`);
  });
  console.log(`you are ${name}; ${member.view.members.length - 1} others are here; Ctrl+D leaves`);
  member.on('view', ({ members }) => console.log(`(${members.length} are here now)`));
  for await (const line of createInterface({ input: process.stdin })) say(line);
  await member.leave();
}
