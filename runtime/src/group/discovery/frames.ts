/** What those who look for a group, and those who are in it, say to each other. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import { readView, writeView } from '../membership/frames.js';
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
  writeView(writer, view);
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

function readFound(reader: ByteReader, by: number): Discovered {
  const view = readView(reader);
  if (!view.members.some(({ id }) => id === by)) throw new MalformedBytes('the view of another');
  return { view, primary: reader.bool(), by };
}
