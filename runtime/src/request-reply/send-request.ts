/** How a client puts a pending call on a link: whole, in fragments, or as a question for its reply. */
import type { Link } from '../transport/transport.js';
import {
  fragmentBounds,
  fragmentCount,
  fragmentHeaderBytes,
  maxFragments,
  writeFragmentHeader,
} from './fragments.js';
import { beginFrame, type Frame, FrameType, pingNumber, sendFrame } from './frames.js';
import { sendMissingFrame } from './missing-frame.js';
import type { PendingCall } from './pending-call.js';
import {
  flagsOf,
  requestBodyAt,
  stampRequest,
  wireAttempt,
  wireRemaining,
  writeRequestHeader,
} from './request-frame.js';
import type { OutgoingMessage } from './transfer.js';

/** The longest request that the link carries, whole or in fragments. */
export function longestRequest(link: Link): number {
  return link.reliable ? link.maxFrame : requestBodyAt + maxFragments * fragmentRoom(link);
}

/** How much of a request's body one fragment holds. */
function fragmentRoom(link: Link): number {
  return link.maxFrame - requestBodyAt - fragmentHeaderBytes;
}

export function fitsDatagram(link: Link, frame: Frame): boolean {
  return frame.end - frame.start <= link.maxFrame;
}

/** Sends a copy of a request that fits. `remaining` in milliseconds. */
export function sendRequest(link: Link, frame: Frame, attempt: number, remaining: number): void {
  stampRequest(frame, attempt, remaining);
  link.send(frame.bytes, frame.start, frame.end);
}

/**
 * A request that does not fit, as it is sent in fragments.
 *
 * @param path the link to send over, while there is one
 */
export function outgoingRequest(
  call: Pick<PendingCall, 'number' | 'frame' | 'copies' | 'deadlineAt' | 'procedure'>,
  link: Link,
  path: () => Link | undefined,
): Pick<OutgoingMessage, 'number' | 'id' | 'count' | 'once' | 'send'> {
  const { number, frame, deadlineAt } = call;
  const body = frame.start + requestBodyAt;
  const total = frame.end - body;
  const count = fragmentCount(total, fragmentRoom(link));
  return {
    number,
    id: 0,
    count,
    once: call.procedure.semantics === 'maybe',
    send(index, serial, asks, now) {
      const over = path();
      if (over === undefined) return 0;
      const [from, to] = fragmentBounds(total, count, index);
      const writer = beginFrame(FrameType.requestFragment);
      const remaining = wireRemaining(deadlineAt - now);
      writeRequestHeader(writer, flagsOf(frame), wireAttempt(call.copies), number, remaining);
      writeFragmentHeader(writer, { total, index, count, serial, asks });
      writer.rawBytes(frame.bytes.subarray(body + from, body + to));
      const bytes = writer.length;
      sendFrame(over);
      return bytes;
    },
  };
}

/** Asks for the reply, of which nothing has come. */
export function sendProbe(link: Link, call: PendingCall): void {
  beginFrame(FrameType.probe).rawU64(call.number);
  sendFrame(link);
}

/** Says what of a reply has not arrived. @param serial of the fragment that asked; 0: none did */
export function sendMissingReply(link: Link, { number, replyId, reply }: PendingCall, serial: number): void {
  sendMissingFrame(link, { number, id: replyId, serial, ranges: reply?.missing() ?? [] });
}

/** Asks for a sign of life, and whether the server takes calls. */
export function sendPing(link: Link): void {
  beginFrame(FrameType.probe).rawU64(pingNumber);
  sendFrame(link);
}
