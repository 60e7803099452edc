/** A call that has arrived at a member, whoever made it. */
import type { Writer } from '../../marshalling/writer.js';
import { type Failure, ReplyStatus, writeFailure } from '../../request-reply/frames.js';
import type { Peer } from '../../schema/description.js';
import type { Message } from '../message.js';

export interface ReceivedCall {
  /** Who calls: a member, or somebody outside of an open group. */
  readonly peer: Peer;
  /** The same at all members, and for no other call. */
  readonly callId: string;
  /** On the monotonic clock. */
  readonly deadlineAt: number;
  /** Whether it waits for those before it to be executed. */
  readonly ordered: boolean;
  /** Whether it is left out when its deadline passes while it waits. */
  readonly expires: boolean;
  /** Whether the caller waits for replies. */
  readonly replies: boolean;
  /** As it was encoded; undefined where the caller sent none. */
  readonly metadata: Uint8Array | undefined;
  /** The multicast that brought it; undefined where that has nothing to do with flow control. */
  readonly message: Message | undefined;
  /**
   * Sends the reply, or drops it where nobody waits for it.
   *
   * @throws MarshalError when `payload` does
   */
  answer(status: number, metadata: Uint8Array | undefined, payload: (writer: Writer) => void): void;
}

/** Answers that a call failed, or was not executed. */
export function answerFailure(call: ReceivedCall, metadata: Uint8Array | undefined, failure: Failure): void {
  call.answer(ReplyStatus.failure, metadata, writer => writeFailure(writer, failure));
}
