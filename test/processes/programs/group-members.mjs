/**
 * Several members of one group in a process: joins as its argument says, prints a line with each view in which all of them
 * are, and ends with its standard input.
 */
import { join } from '@convoke/runtime/group';

const { address, count } = JSON.parse(process.argv[2]);
const members = await Promise.all(Array.from({ length: count }, () => join(address, { name: 'many' })));

let told;
const tell = () => {
  const [{ view }] = members;
  if (view.id === told || members.some(member => member.view.id !== view.id)) return;
  told = view.id;
  console.log(JSON.stringify({ id: view.id, members: view.members.length }));
};
for (const member of members) member.on('view', tell);
tell();
process.stdin.resume().on('end', () => process.exit());
