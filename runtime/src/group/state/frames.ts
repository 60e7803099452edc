/** What members tell each other about state: messages of kind `state`, on reliable unicast. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';
import type { ViewId } from '../view.js';

/**
 * How far the messages of one member are contained in a state. Two numbers, since what is unordered may overtake what
 * waits for its turn.
 */
export interface Mark {
  readonly sender: MemberId;
  /** The highest number of those that were delivered in some order; 0: none. */
  readonly ordered: number;
  /** The highest number of those that were delivered unordered; 0: none. */
  readonly unordered: number;
}

/** Why a member gives no state. */
export type Refusal =
  /** It has none yet. */
  | 'loading'
  /** It was asked for its part of a merge, and has the merged state already. */
  | 'ready'
  /** Saving failed; the text tells how. */
  | 'failed'
  /** It has no parts whose state could be given. */
  | 'parts';
const refusals: readonly Refusal[] = ['loading', 'ready', 'failed', 'parts'];

/** How far a member is that has no state to give; who comes first goes on with its own when nobody has one. */
export interface Standing {
  /** 2: the state that it had before a merge. 1: none yet. 0: nothing whole, since it had begun to load. */
  readonly grade: number;
  /** The view with whose beginning it waits. */
  readonly before: ViewId;
}

/** Asks for a state. Numbers of requests are counted by who asks. */
export interface RequestFrame {
  readonly type: 'request';
  readonly request: number;
  /** The asker's latest view; the answer waits until the member that is asked is as far. */
  readonly at: ViewId;
  /** The view with whose beginning the asker waits: the state must be of it, or of a later one. */
  readonly before: ViewId;
  /** Asks for what a side brings into a merge, and only for the parts that are merged. */
  readonly forMerge: boolean;
}

/** What a member answers, and what it is told on the way. */
export type StateFrame =
  | RequestFrame
  | { readonly type: 'cancel'; readonly request: number }
  /** The asker has taken so many bytes. */
  | { readonly type: 'credit'; readonly request: number; readonly bytes: number }
  | {
      readonly type: 'refuse';
      readonly request: number;
      readonly reason: Refusal;
      readonly text: string;
      readonly standing: Standing;
    }
  /** The state is that of this view, after the messages that the marks contain. */
  | {
      readonly type: 'begin';
      readonly request: number;
      readonly view: ViewId;
      readonly marks: readonly Mark[];
      readonly parts: readonly string[];
    }
  /** A piece of a part. */
  | { readonly type: 'piece'; readonly request: number; readonly part: number; readonly bytes: Uint8Array }
  /** A piece that is the next message of its own, so that it need not be copied. */
  | { readonly type: 'large'; readonly request: number; readonly part: number; readonly length: number }
  | { readonly type: 'end'; readonly request: number; readonly part: number }
  | { readonly type: 'done'; readonly request: number };

const types = ['request', 'cancel', 'credit', 'refuse', 'begin', 'piece', 'large', 'end', 'done'] as const;
const longestText = 4096;

export function writeStateFrame(frame: StateFrame): Uint8Array {
  const writer = new ByteWriter(frame.type === 'piece' ? frame.bytes.length + 8 : 64);
  writer.u8(types.indexOf(frame.type)).u32(frame.request);
  switch (frame.type) {
    case 'request':
      writeView(writer, frame.at);
      writeView(writer, frame.before);
      writer.bool(frame.forMerge);
      break;
    case 'credit':
      writer.u48(frame.bytes);
      break;
    case 'refuse':
      writer.u8(refusals.indexOf(frame.reason)).u8(frame.standing.grade);
      writeView(writer, frame.standing.before);
      writer.string(frame.text.slice(0, longestText));
      break;
    case 'begin':
      writeView(writer, frame.view);
      writer.list(frame.marks, mark => writer.u48(mark.sender).u48(mark.ordered).u48(mark.unordered));
      writer.list(frame.parts, name => writer.string(name));
      break;
    case 'piece':
      writer.u16(frame.part).rest(frame.bytes);
      break;
    case 'large':
      writer.u16(frame.part).u32(frame.length);
      break;
    case 'end':
      writer.u16(frame.part);
      break;
  }
  return writer.done();
}

/** @throws MalformedBytes */
export function readStateFrame(bytes: Uint8Array): StateFrame {
  const reader = new ByteReader(bytes);
  const type = types[reader.u8()];
  if (type === undefined) throw new MalformedBytes('a message about state of no known type');
  const frame = readRest(reader, type, reader.u32());
  reader.end();
  return frame;
}

function readRest(reader: ByteReader, type: StateFrame['type'], request: number): StateFrame {
  switch (type) {
    case 'request': {
      const at = readView(reader);
      return { type, request, at, before: readView(reader), forMerge: reader.bool() };
    }
    case 'credit':
      return { type, request, bytes: reader.u48() };
    case 'refuse': {
      const reason = refusals[reader.u8()];
      if (reason === undefined) throw new MalformedBytes('a refusal of no known reason');
      const standing = { grade: reader.u8(), before: readView(reader) };
      return { type, request, reason, standing, text: reader.string() };
    }
    case 'begin': {
      const view = readView(reader);
      const marks = reader.list(18, () => ({
        sender: reader.u48(),
        ordered: reader.u48(),
        unordered: reader.u48(),
      }));
      return { type, request, view, marks, parts: reader.list(2, () => reader.string()) };
    }
    case 'piece':
      return { type, request, part: reader.u16(), bytes: reader.rest() };
    case 'large':
      return { type, request, part: reader.u16(), length: reader.u32() };
    case 'end':
      return { type, request, part: reader.u16() };
    case 'cancel':
    case 'done':
      return { type, request };
  }
}

function writeView(writer: ByteWriter, { counter, creator }: ViewId): void {
  writer.u48(counter).u48(creator);
}

function readView(reader: ByteReader): ViewId {
  return { counter: reader.u48(), creator: reader.u48() };
}
