/** How a client puts a pending call on a link: whole, in fragments, or as a question for its reply. */
import { type Link, lengthBytes } from '../transport/transport.js';
import {
  burst,
  firstIndices,
  fragmentBounds,
  fragmentCount,
  fragmentHeaderBytes,
  maxFragments,
  writeFragmentHeader,
} from './fragments.js';
import {
  allFragments,
  beginFrame,
  type Frame,
  FrameType,
  pingNumber,
  type Ranges,
  sendFrame,
  writeRanges,
} from './frames.js';
import type { PendingCall } from './pending-call.js';
import {
  flagsOf,
  requestBodyAt,
  stampRequest,
  wireAttempt,
  wireRemaining,
  writeRequestHeader,
} from './request-frame.js';

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

/**
 * Sends a copy of the request, or its first fragments where it does not fit. `remaining` in milliseconds.
 *
 * @param once no copy will follow, so all fragments leave now
 */
export function sendRequest(
  link: Link,
  frame: Frame,
  attempt: number,
  remaining: number,
  once = false,
): void {
  if (fitsDatagram(link, frame)) {
    stampRequest(frame, attempt, remaining);
    link.send(frame.bytes, frame.start, frame.end);
  } else {
    const limit = once ? Number.POSITIVE_INFINITY : burst;
    sendRequestFragments(link, frame, attempt, remaining, allFragments, limit);
  }
}

/** Sends the next burst of the fragments that the server lacks. */
export function sendRequestFragments(
  link: Link,
  frame: Frame,
  attempt: number,
  remaining: number,
  ranges: Ranges,
  limit: number = burst,
): void {
  const body = frame.start + requestBodyAt;
  const total = frame.end - body;
  const count = fragmentCount(total, fragmentRoom(link));
  const indices = firstIndices(ranges, count, limit);
  const last = indices.at(-1);
  for (const index of indices) {
    const [from, to] = fragmentBounds(total, count, index);
    const writer = beginFrame(FrameType.requestFragment);
    writeRequestHeader(
      writer,
      flagsOf(frame),
      wireAttempt(attempt),
      callNumberOf(frame),
      wireRemaining(remaining),
    );
    writeFragmentHeader(writer, { total, index, count, asks: index === last });
    writer.rawBytes(frame.bytes.subarray(body + from, body + to));
    sendFrame(link);
  }
}

const numberAt = lengthBytes + 3;

function callNumberOf({ bytes, start }: Frame): number {
  return bytes.readUInt32BE(start + numberAt) * 0x1_0000_0000 + bytes.readUInt32BE(start + numberAt + 4);
}

/**
 * Asks for the reply: `number u64 | reply id u32 | ranges`. The ranges are of the fragments that are
 * missing of that reply; none are given while no part of it has come.
 */
export function sendProbe(link: Link, call: PendingCall): void {
  const writer = beginFrame(FrameType.probe);
  writer.rawU64(call.number);
  writer.rawU32(call.replyId);
  writeRanges(writer, call.reply?.missing() ?? []);
  sendFrame(link);
}

/** Asks for a sign of life, and whether the server takes calls. */
export function sendPing(link: Link): void {
  const writer = beginFrame(FrameType.probe);
  writer.rawU64(pingNumber);
  writer.rawU32(0);
  writeRanges(writer, []);
  sendFrame(link);
}
