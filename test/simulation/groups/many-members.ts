/** A view of many members: how it comes about, and what it costs while nothing happens. */
import type { GroupMember } from '@convoke/runtime/group';
import { simulate } from '@convoke/runtime/testing';
import { expect } from 'vitest';

const address = 'udp+multicast://239.255.0.1:7400';
/** All are in one view, take each other's messages in one order, and exclude one that dies. */
export function playManyMembers(size: number): Promise<void> {
  const world = simulate({ seed: size, latency: [1, 5], trace: false, timeLimit: 10 * 60_000 });
  return world.run(async () => {
    const hosts = Array.from({ length: size }, (_, index) => world.host(`m${index}`));
    let members: GroupMember[] = await Promise.all(
      hosts.map(host => host.join(address, { name: 'many', timeout: 120_000 })),
    );
    const agreed = async (count: number): Promise<void> => {
      while (members.some(({ view }) => view.members.length !== count)) await world.sleep(20);
      expect(new Set(members.map(({ view }) => view.id)).size).toBe(1);
    };
    await agreed(size);

    const delivered = members.map(member => {
      const texts: string[] = [];
      member.receive(({ bytes }) => void texts.push(Buffer.from(bytes).toString()));
      return texts;
    });
    for (const index of [3, size >> 1, size - 1]) {
      for (let count = 0; count < 5; count++) {
        members[index]!.send(Buffer.from(`${index}: ${count}`), { order: 'total' });
      }
    }
    while (delivered.some(({ length }) => length < 15)) await world.sleep(20);
    for (const texts of delivered) expect(texts).toEqual(delivered[0]);

    // Each sends a few heartbeats a second, whatever the size.
    let sent = 0;
    await world.sleep(1000);
    const stop = world.onPacket(({ sender, receiver }, fate) => {
      if (fate === 'sent' && sender === receiver) sent++;
    });
    await world.sleep(1000);
    stop();
    expect(sent / size).toBeLessThan(5);

    const [first, ...others] = members;
    hosts[0]!.crash();
    members = others;
    await agreed(size - 1);
    expect(members[0]!.view.members).not.toContain(first!.address);
  });
}
