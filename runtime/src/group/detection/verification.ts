/**
 * Asks members whether they live, directly and by way of others: who is out of reach of one member, or whose answers to it
 * were lost, may have been heard by another.
 */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { LayerContext } from '../layer.js';
import { type MemberId, memberIdBytes } from '../member.js';
import { Kind, Message } from '../message.js';

/** The first byte of a body; a member's id follows. */
const Step = {
  /** Are you dead? Of whom to tell: who wants to know. */
  ask: 1,
  /** I am not dead. To be told to: who wants to know. */
  answer: 2,
  /** Ask this member on my behalf. */
  askFor: 3,
  /** This member has answered what you had me ask. */
  answeredFor: 4,
} as const;

/** What the messages of verification need to know, and whom they tell. */
export interface VerificationOptions {
  readonly context: LayerContext;
  /** Whether it is in the current view. */
  isMember(id: MemberId): boolean;
  /** It lives: somebody else has heard it. */
  alive(id: MemberId): void;
}

/** Questions and answers; who is asked when is the detector's decision. */
export interface Verification {
  /** Asks a member, and has the helpers ask it. */
  ask(id: MemberId, helpers: readonly MemberId[]): void;
  /** Takes a message of `Kind.verify`. */
  take(message: Message): void;
}

export function createVerification({ context, isMember, alive }: VerificationOptions): Verification {
  const { self } = context;

  const messageTo = (target: MemberId, step: number, about: MemberId): Message =>
    new Message(Kind.verify, self.id, target, new ByteWriter(1 + memberIdBytes).u8(step).u48(about).done());

  /** What is sent for a message that came. */
  const reactTo = (from: MemberId, step: number, about: MemberId): Message | undefined => {
    if (step === Step.ask) return messageTo(from, Step.answer, about);
    // An answer to oneself has told all that it has to by being there.
    if (step === Step.answer && about === self.id) return undefined;
    if (!isMember(from) || !isMember(about)) {
      context.count('not-a-member');
      return undefined;
    }
    switch (step) {
      case Step.answer:
        return messageTo(about, Step.answeredFor, from);
      case Step.askFor:
        return about === self.id ? messageTo(from, Step.answer, from) : messageTo(about, Step.ask, from);
      case Step.answeredFor:
        alive(about);
        return undefined;
      default:
        context.count('malformed');
        return undefined;
    }
  };

  return {
    ask: (id, helpers) =>
      context.down([
        messageTo(id, Step.ask, self.id),
        ...helpers.map(helper => messageTo(helper, Step.askFor, id)),
      ]),
    take: ({ from, body }) => {
      const read = readStep(body);
      if (read === undefined) {
        context.count('malformed');
        return;
      }
      const reaction = reactTo(from, read.step, read.about);
      if (reaction !== undefined) context.down([reaction]);
    },
  };
}

function readStep(body: Uint8Array): { readonly step: number; readonly about: MemberId } | undefined {
  try {
    const reader = new ByteReader(body);
    const step = reader.u8();
    const about = reader.u48();
    reader.end();
    return { step, about };
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
