/** How a server answers on a link: whole, in fragments, or by saying what it lacks. */
import type { Writer } from '../marshalling/writer.js';
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
import { allFragments, beginFrame, FrameType, noId, type Ranges, sendFrame, writeRanges } from './frames.js';
import { channelFrame, ResetReason, resetBytes, sendReset } from './handshake-frames.js';
import type { KeptReply, ReceivedCall } from './received-call.js';
import { writeReplyHeader } from './reply-frame.js';
import { wireAttempt } from './request-frame.js';

/** From a reply's frame to its body. */
export const replyBodyAt = lengthBytes + 1 + 1 + 8 + 4;
const replyIdBytes = 4;

/** A frame that says what is missing, without its ranges. */
const missingBytes = lengthBytes + 1 + 8 + 1;
const rangeBytes = 4;

/** What a datagram carries beside frames that are sent to a client. */
const datagramOverhead = 8 + 21;

/** Until its address is validated, a peer gets at most this many times the bytes that came from it (RFC 9000, 8.1). */
const amplification = 3;

/** Has the frames that follow go to this client; several may be behind one address. */
export function address(link: Link, clientId: Buffer): void {
  if (link.reliable || link.addressee?.equals(clientId)) return;
  link.flush();
  link.addressee = clientId;
}

/** The preamble of datagrams to clients. */
export function writeChannelPreamble(link: Link, target: Buffer, at: number): number {
  return link.addressee === undefined ? at : at + channelFrame(link.addressee).copy(target, at);
}

/** Whether so many bytes may be sent to a peer that may have forged its address. */
export function mayAnswer(link: Link, bytes: number): boolean {
  return link.validated || link.sent + bytes + datagramOverhead <= amplification * link.received;
}

/** Asks a client whose address is not validated to shake hands. */
export function askToValidate(link: Link, token: Buffer | undefined): void {
  if (mayAnswer(link, resetBytes)) sendReset(link, token ?? noId, ResetReason.validate);
}

export function beginReply(call: ReceivedCall, now: number, type: number = FrameType.reply): Writer {
  const writer = beginFrame(type);
  writeReplyHeader(writer, wireAttempt(call.attempt), call.number, now - call.arrivedAt);
  return writer;
}

/** The longest reply's body that the link carries, whole or in fragments. */
export function longestReply(link: Link): number {
  return link.reliable ? link.maxFrame - replyBodyAt : maxFragments * fragmentRoom(link);
}

/** How much of a reply's body one fragment holds. */
function fragmentRoom(link: Link): number {
  return link.maxFrame - replyBodyAt - replyIdBytes - fragmentHeaderBytes;
}

/** Sends a reply's body again, or what of it is asked for. */
export function sendKeptReply(call: ReceivedCall, reply: KeptReply, now: number, ranges?: Ranges): void {
  const { link } = call;
  const size = reply.end - reply.start;
  address(link, call.clientId);
  if (size + replyBodyAt > link.maxFrame) {
    sendReplyFragments(call, reply, now, ranges === undefined || ranges.length === 0 ? allFragments : ranges);
  } else if (mayAnswer(link, size + replyBodyAt)) {
    beginReply(call, now).rawBytes(reply.bytes.subarray(reply.start, reply.end));
    sendFrame(link);
  } else {
    askToValidate(link, call.session?.token);
  }
}

function sendReplyFragments(call: ReceivedCall, reply: KeptReply, now: number, ranges: Ranges): void {
  const { link } = call;
  const total = reply.end - reply.start;
  const count = fragmentCount(total, fragmentRoom(link));
  const indices = firstIndices(ranges, count, burst);
  const last = indices.at(-1);
  for (const index of indices) {
    if (!mayAnswer(link, link.maxFrame)) {
      askToValidate(link, call.session?.token);
      return;
    }
    const [from, to] = fragmentBounds(total, count, index);
    const writer = beginReply(call, now, FrameType.replyFragment);
    writer.rawU32(call.replyId);
    writeFragmentHeader(writer, { total, index, count, asks: index === last });
    writer.rawBytes(reply.bytes.subarray(reply.start + from, reply.start + to));
    sendFrame(link);
  }
}

/** The call is known and has no reply yet. */
export function sendBusy(call: ReceivedCall, now: number): void {
  address(call.link, call.clientId);
  beginReply(call, now, FrameType.busy);
  sendFrame(call.link);
}

/** Says what of a request has not arrived. */
export function sendMissing(
  link: Link,
  { clientId, token }: { readonly clientId: Buffer; readonly token: Buffer },
  number: number,
  ranges: Ranges,
): void {
  address(link, clientId);
  if (!mayAnswer(link, missingBytes + ranges.length * rangeBytes)) {
    askToValidate(link, token);
    return;
  }
  const writer = beginFrame(FrameType.missing);
  writer.rawU64(number);
  writeRanges(writer, ranges);
  sendFrame(link);
}
