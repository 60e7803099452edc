/** The control messages of reliable multicast. Each names the view, for numbers are counted per view. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { ViewId } from '../view.js';
import type { Range } from './inbox.js';

/** Asks for messages that one member has sent. */
export interface MissingFrame {
  readonly view: ViewId;
  /** Whose messages, by rank. */
  readonly sender: number;
  readonly ranges: readonly Range[];
}

/** What the sender of this frame has of the messages of one member. */
export interface StabilityEntry {
  /** Whose messages, by rank. */
  readonly sender: number;
  /** It holds all up to this number. */
  readonly held: number;
  /** Its application has taken so many. */
  readonly taken: number;
}

export interface StabilityFrame {
  readonly view: ViewId;
  /** The others are to tell the same of themselves. */
  readonly ask: boolean;
  readonly entries: readonly StabilityEntry[];
}

/** How far the sender of this frame got. */
export interface HighestFrame {
  readonly view: ViewId;
  readonly seq: number;
}

export const stabilityEntryBytes = 14;
export const stabilityHeaderBytes = 13;

export function writeViewId(writer: ByteWriter, { counter, creator }: ViewId): ByteWriter {
  return writer.u32(counter).u48(creator);
}

export function readViewId(reader: ByteReader): ViewId {
  return { counter: reader.u32(), creator: reader.u48() };
}

export function writeMissing({ view, sender, ranges }: MissingFrame): Buffer {
  const writer = writeViewId(new ByteWriter(), view).u16(sender);
  writer.list(ranges, ([first, last]) => writer.u48(first).u48(last));
  return writer.done();
}

/** @throws MalformedBytes */
export function readMissing(body: Uint8Array): MissingFrame {
  const reader = new ByteReader(body);
  const view = readViewId(reader);
  const sender = reader.u16();
  const ranges = reader.list<Range>(12, () => {
    const [first, last] = [reader.u48(), reader.u48()];
    if (first === 0 || first > last) throw new MalformedBytes(`${first} to ${last} is no range`);
    return [first, last];
  });
  reader.end();
  return { view, sender, ranges };
}

export function writeStability({ view, ask, entries }: StabilityFrame): Buffer {
  const writer = writeViewId(
    new ByteWriter(stabilityHeaderBytes + entries.length * stabilityEntryBytes),
    view,
  ).bool(ask);
  writer.list(entries, ({ sender, held, taken }) => writer.u16(sender).u48(held).u48(taken));
  return writer.done();
}

/** @throws MalformedBytes */
export function readStability(body: Uint8Array): StabilityFrame {
  const reader = new ByteReader(body);
  const view = readViewId(reader);
  const ask = reader.bool();
  const entries = reader.list(stabilityEntryBytes, () => ({
    sender: reader.u16(),
    held: reader.u48(),
    taken: reader.u48(),
  }));
  reader.end();
  return { view, ask, entries };
}

export function writeHighest({ view, seq }: HighestFrame): Buffer {
  return writeViewId(new ByteWriter(16), view).u48(seq).done();
}

/** @throws MalformedBytes */
export function readHighest(body: Uint8Array): HighestFrame {
  const reader = new ByteReader(body);
  const frame = { view: readViewId(reader), seq: reader.u48() };
  reader.end();
  return frame;
}
