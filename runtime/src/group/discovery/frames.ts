/** What those who look for a group, and those who are in it, say to each other. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import { createMember, type Member } from '../member.js';
import type { Discovered } from '../services.js';

export type DiscoveryFrame =
  /** Who is there? `attempt`: how often the sender has asked before, up to 255. */
  | { readonly type: 'seek'; readonly attempt: number }
  /** The answer: the sender and its view. */
  | { readonly type: 'answer'; readonly found: Discovered }
  /** The same, unasked, from the coordinator of a view. */
  | { readonly type: 'announce'; readonly found: Discovered };

const types = ['seek', 'answer', 'announce'] as const;

export function writeDiscovery(frame: DiscoveryFrame): Buffer {
  const writer = new ByteWriter().u8(types.indexOf(frame.type) + 1);
  if (frame.type === 'seek') return writer.u8(Math.min(frame.attempt, 255)).done();
  const { view, primary } = frame.found;
  writer.u32(view.id.counter).u48(view.id.creator);
  writer.list(view.members, ({ id, at }) => writer.u48(id).string(at.host).u16(at.port));
  return writer.bool(primary).done();
}

/**
 * @param by who sent it
 * @throws MalformedBytes
 */
export function readDiscovery(body: Uint8Array, by: number): DiscoveryFrame {
  const reader = new ByteReader(body);
  const type = types[reader.u8() - 1];
  if (type === undefined) throw new MalformedBytes('no such discovery message');
  const frame: DiscoveryFrame =
    type === 'seek' ? { type, attempt: reader.u8() } : { type, found: readFound(reader, by) };
  reader.end();
  return frame;
}

/** Of a member: id, length of the host, port. */
const leastMemberBytes = 10;

function readFound(reader: ByteReader, by: number): Discovered {
  const id = { counter: reader.u32(), creator: reader.u48() };
  const members = reader.list(leastMemberBytes, () => readMember(reader));
  if (new Set(members.map(member => member.id)).size < members.length)
    throw new MalformedBytes('a member twice');
  if (!members.some(member => member.id === by)) throw new MalformedBytes('the view of another');
  return { view: { id, members }, primary: reader.bool(), by };
}

function readMember(reader: ByteReader): Member {
  const id = reader.u48();
  if (id === 0) throw new MalformedBytes('0 is no member');
  return createMember(id, { host: reader.string(), port: reader.u16() });
}
