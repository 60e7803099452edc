/** Service discovery by a multicast request, as in the textbook: "who offers this?", and those who do answer. */
import { type GroupMember, MessageDispatcher } from '@convoke/runtime/group';
import type { Join } from '../scene.js';

export interface Directory {
  readonly member: GroupMember;
  /** The addresses of all that offer the service now. */
  find(service: string): Promise<string[]>;
}

/** @param offers what this process offers: the addresses of its services, by name */
export async function joinDirectory(
  join: Join,
  offers: Readonly<Record<string, string>> = {},
): Promise<Directory> {
  const questions = new MessageDispatcher({
    onRequest: question => {
      const address = offers[Buffer.from(question).toString()];
      return address === undefined ? undefined : Buffer.from(address);
    },
  });
  const member = await join('udp+multicast://239.255.74.14:7414', { name: 'directory', parts: [questions] });
  return {
    member,
    async find(service) {
      const replies = await questions.cast(Buffer.from(service), { order: 'unordered', deadline: 1000 });
      const addresses = replies.map(reply => (reply.kind === 'value' ? Buffer.from(reply.value) : ''));
      return addresses.map(String).filter(address => address !== '');
    },
  };
}
