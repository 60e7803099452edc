/** A call that has no answer yet, as the client keeps it. */
import type { AnyProcedure, CallOptions } from '../schema/description.js';
import type { Link } from '../transport/transport.js';
import type { Reassembly } from './fragments.js';
import type { Frame } from './frames.js';
import type { ReplyBody } from './reply-frame.js';
import type { CallStreams } from './streams.js';

export interface PendingCall {
  readonly number: number;
  readonly procedure: AnyProcedure;
  /** The marshalled request. */
  readonly frame: Frame;
  /** On the clock's scale. */
  readonly deadlineAt: number;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  /** How many copies of the request were handed to a socket. */
  copies: number;
  /** Copies of it went out in a session that the server has lost since. */
  spansSessions: boolean;
  /** The path that the latest copy took. */
  sentOver: Link | undefined;
  /** Its request or its reply is so large that it goes over a connection, where there is one beside the datagrams. */
  promoted: boolean;
  /** How many bytes had come over the connection that it waits for. */
  heard: number;
  firstSentAt: number;
  lastSentAt: number;
  /** When to act unless an answer comes first: send again, probe, give up. On the clock's scale. */
  dueAt: number;
  /** Time-outs since the server last gave a sign of life for this call. */
  timeouts: number;
  /** The server said that it has the request. */
  held: boolean;
  /** The parts of a long reply, and which of the server's replies they are of. */
  reply: Reassembly | undefined;
  replyId: number;
  /** Told of what came with the answer. */
  onReply: CallOptions['onReply'];
  /** How many copies may be sent. */
  attempts: number;
  /** What goes and comes beside request and reply. */
  streams: CallStreams | undefined;
  /** What was answered, while items that were sent before it are on their way. */
  answer: ReplyBody | undefined;
  /** Stops to listen to the caller's signal. */
  unlisten: (() => void) | undefined;
}

export function createPendingCall(
  call: Pick<PendingCall, 'number' | 'procedure' | 'frame' | 'deadlineAt' | 'resolve' | 'reject'>,
): PendingCall {
  return {
    number: call.number,
    procedure: call.procedure,
    frame: call.frame,
    deadlineAt: call.deadlineAt,
    resolve: call.resolve,
    reject: call.reject,
    copies: 0,
    spansSessions: false,
    sentOver: undefined,
    promoted: false,
    heard: 0,
    firstSentAt: 0,
    lastSentAt: 0,
    dueAt: call.deadlineAt,
    timeouts: 0,
    held: false,
    reply: undefined,
    replyId: 0,
    onReply: undefined,
    attempts: Number.POSITIVE_INFINITY,
    streams: undefined,
    answer: undefined,
    unlisten: undefined,
  };
}
