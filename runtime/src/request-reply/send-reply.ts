/** How a server answers on a link: whole, in fragments, or by saying what it lacks. */
import type { Writer } from '../marshalling/writer.js';
import { type Link, lengthBytes } from '../transport/transport.js';
import {
  fragmentBounds,
  fragmentCount,
  fragmentHeaderBytes,
  maxFragments,
  writeFragmentHeader,
} from './fragments.js';
import { beginFrame, FrameType, noId, type Ranges, sendFrame } from './frames.js';
import { channelFrame, ResetReason, resetBytes, sendReset } from './handshake-frames.js';
import { type Missing, missingBytes, rangeBytes, sendMissingFrame } from './missing-frame.js';
import type { KeptReply, ReceivedCall } from './received-call.js';
import { writeReplyHeader } from './reply-frame.js';
import { wireAttempt } from './request-frame.js';
import type { OutgoingMessage } from './transfer.js';

/** From a reply's frame to its body. */
export const replyBodyAt = lengthBytes + 1 + 1 + 8 + 4;
const replyIdBytes = 4;

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

/** Sends the reply that is kept of a call, or what of it is missing. */
export function sendKeptReply(call: ReceivedCall, reply: KeptReply, now: number, missing?: Ranges): void {
  const { link, session } = call;
  const size = reply.end - reply.start;
  address(link, call.clientId);
  if (size + replyBodyAt > link.maxFrame) {
    if (!mayAnswer(link, link.maxFrame)) askToValidate(link, session?.token);
    else session?.fragments.start(outgoingReply(call, reply), now, missing);
    return;
  }
  session?.fragments.end(call.number);
  if (mayAnswer(link, size + replyBodyAt)) {
    beginReply(call, now).rawBytes(reply.bytes.subarray(reply.start, reply.end));
    sendFrame(link);
  } else {
    askToValidate(link, session?.token);
  }
}

/** A kept reply as it is sent in fragments: to where the client was heard last, and for as long as the reply is kept. */
function outgoingReply(call: ReceivedCall, reply: KeptReply): OutgoingMessage {
  const total = reply.end - reply.start;
  const room = fragmentRoom(call.link);
  const count = fragmentCount(total, room);
  return {
    number: call.number,
    id: call.replyId,
    count,
    once: false,
    isWanted: () => call.reply === reply,
    send(index, serial, asks, now) {
      const { link } = call;
      if (fragmentRoom(link) < room || !mayAnswer(link, link.maxFrame)) return 0;
      address(link, call.clientId);
      const [from, to] = fragmentBounds(total, count, index);
      const writer = beginReply(call, now, FrameType.replyFragment);
      writer.rawU32(call.replyId);
      writeFragmentHeader(writer, { total, index, count, serial, asks });
      writer.rawBytes(reply.bytes.subarray(reply.start + from, reply.start + to));
      const bytes = writer.length;
      sendFrame(link);
      return bytes;
    },
  };
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
  missing: Pick<Missing, 'number' | 'serial' | 'ranges'>,
): void {
  address(link, clientId);
  if (mayAnswer(link, missingBytes + missing.ranges.length * rangeBytes))
    sendMissingFrame(link, { ...missing, id: 0 });
  else askToValidate(link, token);
}
