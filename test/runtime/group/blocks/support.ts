/** Building blocks in a group without a stack. */
import type { GroupPart } from '../../../../runtime/src/group/port.js';
import { FakeGroup, type FakePort } from '../rpc/fake-group.js';

export interface Node<Block> {
  readonly block: Block;
  readonly port: FakePort;
}

/** Members that have one block each, all in one view. */
export function openBlocks<Block extends GroupPart>(count: number, create: () => Block) {
  const group = new FakeGroup();
  const nodes: Node<Block>[] = [];
  const add = (): Node<Block> => {
    const block = create();
    const node = { block, port: group.port(block) };
    nodes.push(node);
    return node;
  };
  for (let index = 0; index < count; index++) add();
  if (count > 0) group.install(nodes.map(({ port }) => port));
  return { group, nodes, add };
}

/** Gives one member the state of another one, cut into pieces of this length. */
export async function transfer(
  from: FakePort,
  to: FakePort,
  how: 'load' | 'merge' = 'load',
  length = 7,
): Promise<void> {
  for (const [index, part] of from.states.entries()) await to.states[index]![how]!(cut(part.save(), length));
}

async function* cut(pieces: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += length) yield piece.subarray(at, at + length);
  }
}
