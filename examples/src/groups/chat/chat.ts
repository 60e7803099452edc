/** A chat in causal order: nobody sees an answer before what it answers, and nobody waits for anybody. */
import type { GroupMember } from '@convoke/runtime/group';
import type { Join } from '../scene.js';

export interface Chatter {
  readonly member: GroupMember;
  say(text: string): void;
}

/** @param hear called for each line, one's own included */
export async function joinChat(
  join: Join,
  name: string,
  hear: (text: string, from: string) => void,
): Promise<Chatter> {
  const member = await join('udp+multicast://239.255.74.11:7411', { name: 'chat' });
  member.receive(({ bytes }) => {
    const [from = '', ...text] = Buffer.from(bytes).toString().split(': ');
    hear(text.join(': '), from);
  });
  return {
    member,
    // Two who speak at the same time may be heard in either order; but what was heard before is before.
    say: text => void member.send(Buffer.from(`${name}: ${text}`), { order: 'causal' }),
  };
}
