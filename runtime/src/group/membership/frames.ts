/** What members say to each other about views. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import { createMember, type Member, type MemberId } from '../member.js';
import { readViewId, writeViewId } from '../reliable/multicast-frames.js';
import type { Cut } from '../services.js';
import type { View, ViewId } from '../view.js';
import type { Ballot, NextView, Proposal, Side } from './next-view.js';

/** Each names the view that it is about, which is the one that ends where a view changes. */
export type MembershipFrame =
  /** Asks to be admitted; with the token once it was told one. */
  | { readonly type: 'join'; readonly member: Member; readonly token: number }
  /** Who asks is to show that it receives what is sent to its address. */
  | { readonly type: 'challenge'; readonly token: number }
  /** Asks to be taken out of the view. */
  | { readonly type: 'leave'; readonly view: ViewId }
  /** Asks to end the group. */
  | { readonly type: 'destroy'; readonly view: ViewId }
  /** The view ends: send nothing new in it, and say what you have. `gone`: those that are not asked. */
  | {
      readonly type: 'flush';
      readonly view: ViewId;
      readonly ballot: Ballot;
      readonly gone: readonly MemberId[];
    }
  /** What the sender has, and what it has agreed to before. */
  | {
      readonly type: 'flushed';
      readonly view: ViewId;
      readonly ballot: Ballot;
      readonly received: Cut;
      readonly committed: Proposal | undefined;
    }
  /** A later attempt is known. */
  | { readonly type: 'outdated'; readonly view: ViewId; readonly ballot: Ballot }
  /** Fetch what you lack, and agree. */
  | { readonly type: 'prepare'; readonly view: ViewId; readonly proposal: Proposal }
  | { readonly type: 'prepared'; readonly view: ViewId; readonly ballot: Ballot }
  /** All have agreed. */
  | { readonly type: 'install'; readonly next: NextView }
  | { readonly type: 'installed'; readonly view: ViewId }
  /** Are you in this view? Answered only by who is not. */
  | { readonly type: 'where'; readonly view: ViewId }
  /** The sender is not in that view: it is in another one, or in none yet. */
  | { readonly type: 'elsewhere'; readonly view: ViewId; readonly current: ViewId | undefined }
  /** One leader asks the others to flush, so that their views become one. */
  | { readonly type: 'merge'; readonly merge: number; readonly view: ViewId }
  /** Flushed. */
  | { readonly type: 'merging'; readonly merge: number; readonly side: Side }
  /** Agree on this with your side. */
  | { readonly type: 'unite'; readonly merge: number; readonly next: NextView }
  /** My side has agreed. */
  | { readonly type: 'united'; readonly merge: number }
  /** All sides have. */
  | { readonly type: 'proceed'; readonly merge: number }
  /** It comes to nothing; go on alone. */
  | { readonly type: 'cancel'; readonly merge: number };

export type FrameType = MembershipFrame['type'];
export type FrameOf<Type extends FrameType> = Extract<MembershipFrame, { type: Type }>;
/** What is done with each kind of frame. */
export type FrameHandlers<Type extends FrameType> = {
  readonly [Each in Type]: (from: MemberId, frame: FrameOf<Each>) => void;
};

interface Layout<Type extends FrameType> {
  write(writer: ByteWriter, frame: FrameOf<Type>): void;
  read(reader: ByteReader): Omit<FrameOf<Type>, 'type'>;
}

const aboutView = {
  write: (writer: ByteWriter, { view }: { readonly view: ViewId }) => void writeViewId(writer, view),
  read: (reader: ByteReader) => ({ view: readViewId(reader) }),
};

const aboutBallot = {
  write: (writer: ByteWriter, { view, ballot }: { readonly view: ViewId; readonly ballot: Ballot }) =>
    writeBallot(writeViewId(writer, view), ballot),
  read: (reader: ByteReader) => ({ view: readViewId(reader), ballot: readBallot(reader) }),
};

const aboutMerge = {
  write: (writer: ByteWriter, { merge }: { readonly merge: number }) => void writer.u48(merge),
  read: (reader: ByteReader) => ({ merge: reader.u48() }),
};

/** In the order of their numbers on the wire, from 1. */
const layouts: { readonly [Type in FrameType]: Layout<Type> } = {
  join: {
    write: (writer, { member, token }) => {
      writeMember(writer, member);
      writer.u48(token);
    },
    read: reader => ({ member: readMember(reader), token: reader.u48() }),
  },
  challenge: {
    write: (writer, { token }) => void writer.u48(token),
    read: reader => ({ token: reader.u48() }),
  },
  leave: aboutView,
  destroy: aboutView,
  flush: {
    write: (writer, { view, ballot, gone }) => {
      writeBallot(writeViewId(writer, view), ballot);
      writeIds(writer, gone);
    },
    read: reader => ({ view: readViewId(reader), ballot: readBallot(reader), gone: readIds(reader) }),
  },
  flushed: {
    write: (writer, { view, ballot, received, committed }) => {
      writeBallot(writeViewId(writer, view), ballot);
      writeCut(writer, received);
      writer.bool(committed !== undefined);
      if (committed !== undefined) writeProposal(writer, committed);
    },
    read: reader => ({
      view: readViewId(reader),
      ballot: readBallot(reader),
      received: readCut(reader),
      committed: reader.bool() ? readProposal(reader) : undefined,
    }),
  },
  outdated: aboutBallot,
  prepare: {
    write: (writer, { view, proposal }) => writeProposal(writeViewId(writer, view), proposal),
    read: reader => ({ view: readViewId(reader), proposal: readProposal(reader) }),
  },
  prepared: aboutBallot,
  install: {
    write: (writer, { next }) => writeNext(writer, next),
    read: reader => ({ next: readNext(reader) }),
  },
  installed: aboutView,
  where: aboutView,
  elsewhere: {
    write: (writer, { view, current }) => {
      writeViewId(writer, view).bool(current !== undefined);
      if (current !== undefined) writeViewId(writer, current);
    },
    read: reader => ({ view: readViewId(reader), current: reader.bool() ? readViewId(reader) : undefined }),
  },
  merge: {
    write: (writer, { merge, view }) => void writeViewId(writer.u48(merge), view),
    read: reader => ({ merge: reader.u48(), view: readViewId(reader) }),
  },
  merging: {
    write: (writer, { merge, side }) => {
      writeViewId(writer.u48(merge), side.id).bool(side.primary);
      writer.list(side.members, member => writeMember(writer, member));
    },
    read: reader => ({
      merge: reader.u48(),
      side: { id: readViewId(reader), primary: reader.bool(), members: readMembers(reader) },
    }),
  },
  unite: {
    write: (writer, { merge, next }) => writeNext(writer.u48(merge), next),
    read: reader => ({ merge: reader.u48(), next: readNext(reader) }),
  },
  united: aboutMerge,
  proceed: aboutMerge,
  cancel: aboutMerge,
};

const types = Object.keys(layouts) as FrameType[];

export function writeFrame(frame: MembershipFrame): Buffer {
  const writer = new ByteWriter().u8(types.indexOf(frame.type) + 1);
  (layouts[frame.type] as Layout<FrameType>).write(writer, frame as never);
  return writer.done();
}

/** @throws MalformedBytes */
export function readFrame(body: Uint8Array): MembershipFrame {
  const reader = new ByteReader(body);
  const number = reader.u8();
  const type = types[number - 1];
  if (type === undefined) throw new MalformedBytes(`no membership message has number ${number}`);
  const frame = { type, ...layouts[type].read(reader) } as MembershipFrame;
  reader.end();
  return frame;
}

export function writeMember(writer: ByteWriter, { id, at }: Member): void {
  writer.u48(id).string(at.host).u16(at.port);
}

/** @throws MalformedBytes */
export function readMember(reader: ByteReader): Member {
  const id = reader.u48();
  if (id === 0) throw new MalformedBytes('0 is no member');
  return createMember(id, { host: reader.string(), port: reader.u16() });
}

/** Each takes at least so many bytes: id, length of the host, port. */
const leastMemberBytes = 10;

function readMembers(reader: ByteReader): Member[] {
  const members = reader.list(leastMemberBytes, () => readMember(reader));
  if (new Set(members.map(({ id }) => id)).size < members.length) throw new MalformedBytes('a member twice');
  return members;
}

/** A view with its members. */
export function writeView(writer: ByteWriter, { id, members }: View): void {
  writeViewId(writer, id);
  writer.list(members, member => writeMember(writer, member));
}

/** @throws MalformedBytes */
export function readView(reader: ByteReader): View {
  return { id: readViewId(reader), members: readMembers(reader) };
}

function writeIds(writer: ByteWriter, ids: readonly MemberId[]): void {
  writer.list(ids, id => writer.u48(id));
}

function readIds(reader: ByteReader): MemberId[] {
  return reader.list(6, () => reader.u48());
}

function writeCut(writer: ByteWriter, cut: Cut): void {
  writer.list(cut, seq => writer.u48(seq));
}

function readCut(reader: ByteReader): Cut {
  return reader.list(6, () => reader.u48());
}

function writeBallot(writer: ByteWriter, { number, leader }: Ballot): void {
  writer.u32(number).u48(leader);
}

function readBallot(reader: ByteReader): Ballot {
  return { number: reader.u32(), leader: reader.u48() };
}

function writeNext(writer: ByteWriter, { view, joined, sides, primary, destroyed }: NextView): void {
  writeView(writer, view);
  writeIds(writer, joined);
  writer.list(sides, side => writeIds(writer, side));
  writer.bool(primary).bool(destroyed);
}

function readNext(reader: ByteReader): NextView {
  return {
    view: readView(reader),
    joined: readIds(reader),
    sides: reader.list(2, () => readIds(reader)),
    primary: reader.bool(),
    destroyed: reader.bool(),
  };
}

function writeProposal(writer: ByteWriter, { ballot, next, cut, holders }: Proposal): void {
  writeBallot(writer, ballot);
  writeNext(writer, next);
  writeCut(writer, cut);
  writeIds(writer, holders);
}

function readProposal(reader: ByteReader): Proposal {
  return {
    ballot: readBallot(reader),
    next: readNext(reader),
    cut: readCut(reader),
    holders: readIds(reader),
  };
}
