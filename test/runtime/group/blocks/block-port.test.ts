import { describe, expect, it } from 'vitest';
import { openBlock } from '../../../../runtime/src/group/blocks/block-port.js';
import { readRecords, writeRecords } from '../../../../runtime/src/group/blocks/records.js';
import { MalformedBytes } from '../../../../runtime/src/group/bytes.js';
import { Kind } from '../../../../runtime/src/group/message.js';
import { FakeGroup } from '../rpc/fake-group.js';

describe('blocks in one group', () => {
  it('get the messages of their own name and sort, and count what is none', async () => {
    const group = new FakeGroup();
    const port = group.port();
    group.install([port]);
    const got: string[] = [];
    const take = (which: string) => (_: number, body: Uint8Array) => void got.push(`${which} ${body[0]}`);
    const one = openBlock(port, 'map', 'one', take('one'));
    const two = openBlock(port, 'map', 'two', take('two'));
    const bus = openBlock(port, 'bus', 'one', take('bus'));
    for (const block of [two, one, bus]) block.multicast(new Uint8Array([1]), {});
    port.multicast(Kind.block, new Uint8Array([1, 2]));
    port.multicast(Kind.block, new Uint8Array([1, 2, 3, 4, 5]));
    await group.deliver();
    expect(got).toEqual(['two 1', 'one 1', 'bus 1']);
    expect(port.drops).toEqual(['malformed', 'malformed']);
    expect(port.consumedMessages.length).toBe(5);
  });

  it('have names of their own', () => {
    const port = new FakeGroup().port();
    openBlock(port, 'map', 'one', () => {});
    expect(() => openBlock(port, 'map', 'one', () => {})).toThrow("two blocks are named 'map:one'");
  });

  it('have names with hashes of their own', () => {
    const port = new FakeGroup().port();
    // Both have the hash 0xd84f4a99.
    openBlock(port, 'map', clash[0], () => {});
    expect(() => openBlock(port, 'map', clash[1], () => {})).toThrow(
      'have the same hash: change one of them',
    );
  });
});

/** Found by trying. */
const clash = ['m135zx', 'm1apcd'] as const;

describe('records', () => {
  it('are read as they were written, wherever the pieces end', async () => {
    const records = [[], [1], [2, 3], new Array(300).fill(4)].map(each => Uint8Array.from(each));
    for (const length of [1, 3, 4, 5, 1000]) {
      const read: number[][] = [];
      for await (const record of readRecords(cut(writeRecords(records), length))) read.push([...record]);
      expect(read).toEqual(records.map(record => [...record]));
    }
  });

  it('that end too early are malformed', async () => {
    const pieces = async function* () {
      yield new Uint8Array([0, 0, 0, 2, 1]);
    };
    await expect(readRecords(pieces()).next()).rejects.toThrow(MalformedBytes);
  });
});

async function* cut(pieces: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += length) yield piece.subarray(at, at + length);
  }
}
