/** Several building blocks in one group: each message begins with a hash of the name of its block. */
import { MarshalError } from '../../marshalling/errors.js';
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';
import { Kind, type Message } from '../message.js';
import type { GroupPort, SendOptions } from '../port.js';

/** What a block has of its group. */
export interface BlockPort {
  readonly port: GroupPort;
  /** To the blocks of this name at all members, this one included. @throws Error when this member has left */
  multicast(body: Uint8Array, options: SendOptions): void;
}

type Take = (from: MemberId, body: Uint8Array) => void;

interface Entry {
  readonly name: string;
  readonly take: Take;
}

const blocksOf = new WeakMap<GroupPort, Map<number, Entry>>();

/**
 * Makes a block part of a group.
 *
 * @param kind which sort of block it is: `map`
 * @param name tells it from others of its sort
 * @param take called for each message, in the order of delivery
 * @throws TypeError when there is such a block already, or the names of two have the same hash
 */
export function openBlock(port: GroupPort, kind: string, name: string, take: Take): BlockPort {
  const full = blockName(kind, name);
  const hash = hashOf(full);
  let blocks = blocksOf.get(port);
  if (blocks === undefined) {
    blocks = new Map();
    blocksOf.set(port, blocks);
    const known = blocks;
    port.receive(Kind.block, message => dispatch(port, known, message));
  }
  const other = blocks.get(hash);
  if (other?.name === full) throw new TypeError(`two blocks are named '${full}': give them different names`);
  if (other !== undefined) {
    throw new TypeError(`the names '${full}' and '${other.name}' have the same hash: change one of them`);
  }
  blocks.set(hash, { name: full, take });
  return {
    port,
    multicast: (body, options) =>
      port.multicast(Kind.block, new ByteWriter(4 + body.length).u32(hash).rest(body).done(), options),
  };
}

/** How a block is named among all of its group, and its state among the parts. */
export function blockName(kind: string, name: string): string {
  return `${kind}:${name}`;
}

function dispatch(port: GroupPort, blocks: ReadonlyMap<number, Entry>, message: Message): void {
  port.consumed(message);
  try {
    const reader = new ByteReader(message.body);
    const entry = blocks.get(reader.u32());
    if (entry === undefined) port.count('malformed');
    else entry.take(message.sender, reader.rest());
  } catch (error) {
    if (!(error instanceof MalformedBytes || error instanceof MarshalError)) throw error;
    port.count('malformed');
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
