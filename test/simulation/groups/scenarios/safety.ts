import { expect } from 'vitest';
import { createMember, everyone } from '../../../../runtime/src/group/member.js';
import { writeFrame } from '../../../../runtime/src/group/membership/frames.js';
import { Pieces } from '../../../../runtime/src/group/membership/pieces.js';
import { Kind, Message, Order } from '../../../../runtime/src/group/message.js';
import { idOf, readPacket, writePacket } from '../packets.js';
import type { GroupStage, Scenario } from '../stage.js';

type Datagram = Parameters<GroupStage['world']['inject']>[0];

const socketOf = (address: string) => {
  const [place = ''] = address.split('/');
  const at = place.lastIndexOf(':');
  return { host: place.slice(0, at), port: Number(place.slice(at + 1)) };
};

/** The packets of the group that are sent from now on, up to `most`. */
function capture(stage: GroupStage, most: number): Datagram[] {
  const captured: Datagram[] = [];
  stage.world.onPacket((packet, fate) => {
    if (fate !== 'sent' || captured.length >= most || readPacket(packet) === undefined) return;
    captured.push({ from: packet.from, to: packet.to, data: Buffer.from(packet.data) });
  });
  return captured;
}

export const safety: readonly Scenario[] = [
  {
    number: 40,
    title: 'random and truncated packets from outside',
    async run(stage) {
      const captured = capture(stage, 300);
      const actors = await stage.joinAll('abc');
      const outside = { host: stage.host('outsider').address, port: 5000 };
      const traffic = stage.traffic(actors, 60, { order: stage.pick(['fifo', 'total']) }, 10);
      for (let count = 0; count < 400; count++) {
        const original = stage.pick(captured);
        const bytes = Buffer.from(original.data);
        let data: Uint8Array = bytes;
        const way = stage.between(0, 3);
        if (way === 0)
          data = Buffer.from(Array.from({ length: stage.between(0, 200) }, () => stage.between(0, 255)));
        else if (way === 1) data = bytes.subarray(0, stage.between(0, bytes.length - 1));
        else if (way === 2) bytes[stage.between(0, bytes.length - 1)]! ^= 1 << stage.between(0, 7);
        else data = Buffer.concat([bytes, bytes.subarray(0, stage.between(1, 20))]);
        const from = stage.random() < 0.5 ? outside : original.from;
        stage.world.inject({ from, to: socketOf(stage.pick(actors).address), data });
        if (count % 10 === 0) await stage.world.sleep(5);
      }
      await traffic;
      await stage.delivered(actors, 180);
      expect(actors[0]!.views.at(-1)!.members).toHaveLength(3);
    },
  },
  {
    number: 41,
    title: 'a packet with a forged member address',
    async run(stage) {
      const actors = await stage.joinAll('abc');
      const [a, b] = actors;
      const { id } = a!.member.view;
      const outside = { host: stage.host('outsider').address, port: 5000 };
      const [counter, creator] = id.split('/');
      const traffic = stage.traffic([a!], 30, {}, 10);
      for (let seq = 1; seq <= 40; seq++) {
        // In the name of b, which sends nothing itself.
        const message = new Message(Kind.channel, idOf(b!.address), everyone, Buffer.from('not of b'));
        message.reliable = true;
        message.order = Order.fifo;
        message.view = { counter: Number(counter), creator: Number.parseInt(creator!, 16) };
        message.seq = seq;
        const leave = new Message(
          Kind.membership,
          idOf(b!.address),
          idOf(a!.address),
          new Pieces().split(writeFrame({ type: 'leave', view: message.view }), 1400)[0]!,
        );
        for (const to of [socketOf(a!.address), socketOf(stage.actor('c').address)]) {
          stage.world.inject({
            from: outside,
            to,
            data: writePacket(stage.random() < 0.5 ? message : leave),
          });
        }
        await stage.world.sleep(5);
      }
      await traffic;
      for (const { member } of actors) expect(member.view.id).toBe(id);
      await stage.traffic([b!], 5);
    },
  },
  {
    number: 42,
    title: 'flood of join requests',
    async run(stage) {
      const actors = await stage.joinAll('abc');
      const { id } = actors[0]!.member.view;
      const traffic = stage.traffic(actors, 30, { order: 'total' }, 20);
      for (let count = 0; count < 3000; count++) {
        const at = {
          host: `10.9.${stage.between(0, 255)}.${stage.between(1, 254)}`,
          port: stage.between(1024, 65_000),
        };
        const member = createMember(stage.between(1, 2 ** 47), at);
        const token = stage.random() < 0.5 ? 0 : stage.between(1, 2 ** 47);
        const [body] = new Pieces().split(writeFrame({ type: 'join', member, token }), 1400);
        const join = new Message(Kind.membership, member.id, idOf(actors[0]!.address), body!);
        stage.world.inject({ from: at, to: socketOf(actors[0]!.address), data: writePacket(join) });
        if (count % 20 === 0) await stage.world.sleep(1);
      }
      for (const { member } of actors) expect(member.view.id).toBe(id);
      await stage.join('d');
      await stage.viewOf('abcd', 5000);
      await traffic;
    },
  },
];
