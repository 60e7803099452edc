import { describe, expect, it } from 'vitest';
import { partition } from '../../../../runtime/src/group/faults/partition.js';
import { everyone } from '../../../../runtime/src/group/member.js';
import { Kind } from '../../../../runtime/src/group/message.js';
import { memberOf, message } from '../layer-bench.js';
import { numbered, other, self, start, third } from './support.js';

describe('partition', () => {
  const [ownAddress, otherAddress] = [memberOf(self).address, memberOf(other).address];

  it('cuts the members of different groups off until it is healed', () => {
    const cut = partition();
    const at = start(cut);
    const exchange = (): string => {
      at.taken.length = 0;
      at.sent.length = 0;
      at.receive(...numbered(1, other));
      at.receive(...numbered(1, third));
      at.stack.down([
        message(Kind.channel, self, other),
        message(Kind.channel, self, third),
        message(Kind.channel, self, everyone),
      ]);
      return `${at.taken.map(({ from }) => from)} | ${at.sent.map(({ target }) => target)}`;
    };
    expect(exchange()).toBe('2,3 | 2,3,0');
    cut.split([ownAddress], [otherAddress]);
    expect(exchange()).toBe('3 | 3,0');
    expect(at.stack.drops.get('fault')).toBe(2);
    cut.split([ownAddress, otherAddress], [memberOf(third).address]);
    expect(exchange()).toBe('2 | 2,0');
    cut.heal();
    expect(exchange()).toBe('2,3 | 2,3,0');
  });

  it('goes by who sent a packet, not by whose message is in it', () => {
    const cut = partition();
    const at = start(cut);
    cut.split([ownAddress], [otherAddress]);
    const again = message(Kind.channel, other, everyone);
    again.from = third;
    at.receive(again);
    expect(at.taken).toEqual([again]);
  });
});
