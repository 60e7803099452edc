/** Answers received calls, and keeps the answers of those that are filtered. */
import type { Writer } from '../marshalling/writer.js';
import type { Clock } from '../platform/platform.js';
import type { AnyProcedure, DeclaredErrorDescription } from '../schema/description.js';
import type { DeclaredError } from '../schema/errors.js';
import type { ServerEvents } from '../schema/events.js';
import type { EventSource } from './event-source.js';
import {
  arena,
  type Failure,
  isDecidedBySchema,
  type Ranges,
  ReplyStatus,
  sendFrame,
  writeFailure,
} from './frames.js';
import type { ServerLimits } from './limits.js';
import { aboutReceived, endOf } from './observed-receipt.js';
import type { CallSession, KeptReply, ReceivedCall } from './received-call.js';
import { hasValue, replyMetadataFlag } from './reply-frame.js';
import {
  address,
  askToValidate,
  beginReply,
  longestReply,
  mayAnswer,
  replyBodyAt,
  sendBusy,
  sendKeptReply,
} from './send-reply.js';
import type { SharedUsage } from './server-session.js';

/** What a server counts of its answers. */
export interface AnsweringCounters {
  /** Replies that the history kept and that were sent again. */
  resent: number;
  /** Calls that were refused and not executed. */
  refused: number;
}

const executedButGone: Failure = {
  code: 'resource-exhausted',
  outcome: 'executed',
  message: 'the procedure was executed, but its reply is larger than the server sends or keeps',
};

export class Answering {
  private readonly clock: Clock;
  private readonly limits: ServerLimits;
  private readonly usage: SharedUsage;
  private readonly counters: AnsweringCounters;
  private readonly events: EventSource<ServerEvents>;

  constructor(
    clock: Clock,
    limits: ServerLimits,
    usage: SharedUsage,
    counters: AnsweringCounters,
    events: EventSource<ServerEvents>,
  ) {
    this.clock = clock;
    this.limits = limits;
    this.usage = usage;
    this.counters = counters;
    this.events = events;
  }

  /** Answers with what the procedure returned. @throws MarshalError when it does not fit the declared type */
  result(call: ReceivedCall, procedure: AnyProcedure, value: unknown): void {
    this.answer(call, ReplyStatus.result, 'ok', writer => {
      if (hasValue(procedure)) procedure.writeResult(writer, value);
    });
  }

  /** Answers with an error that the procedure declares. @throws MarshalError when its data does not fit */
  error(call: ReceivedCall, declared: DeclaredErrorDescription, error: DeclaredError): void {
    this.answer(call, ReplyStatus.declaredError, declared.fullName, writer => {
      writer.string(declared.fullName);
      declared.writeData(writer, error);
    });
  }

  failure(call: ReceivedCall, failure: Failure): void {
    this.answer(call, ReplyStatus.failure, failure.code, writer => writeFailure(writer, failure));
  }

  /**
   * Answers a call that is not executed. The answer is recorded before it is sent, so that a late copy gets the same
   * one; a call that is not recorded may still be executed by a late copy, and its caller is told so.
   */
  refusal(call: ReceivedCall, failure: Failure): void {
    this.refuse(call, failure, call.recorded || call.link.reliable || isDecidedBySchema(failure.code));
  }

  /**
   * Answers a call that was rejected before its procedure was started, and not by the schema: of a call that is not
   * recorded, another copy may be accepted.
   */
  rejection(call: ReceivedCall, failure: Failure): void {
    this.refuse(call, failure, call.recorded || (call.link.reliable && !isDecidedBySchema(failure.code)));
  }

  private refuse(call: ReceivedCall, failure: Failure, isFinal: boolean): void {
    this.counters.refused++;
    const { code, message } = failure;
    const outcome = isFinal ? failure.outcome : 'unknown';
    this.events.emit?.('refused', { code, outcome, ...aboutReceived(call) });
    this.failure(call, { code, outcome, message });
  }

  /** Answers another copy of a call, or a probe: with its reply, or by saying that there is none yet. */
  again(call: ReceivedCall, ranges?: Ranges): void {
    if (call.state === 'waiting') {
      sendBusy(call, this.clock.now());
      return;
    }
    if (ranges === undefined) {
      this.counters.resent++;
      this.events.emit?.('resent-from-history', aboutReceived(call));
    }
    if (call.reply !== undefined && sizeOf(call.reply) <= longestReply(call.link)) {
      sendKeptReply(call, call.reply, this.clock.now(), ranges);
    } else this.sendTombstone(call);
  }

  /** @param code what events tell of the answer */
  private answer(
    call: ReceivedCall,
    status: number,
    code: string,
    writePayload: (writer: Writer) => void,
  ): void {
    if (call.state === 'answered') return;
    const now = this.clock.now();
    const writer = beginReply(call, now);
    try {
      const metadata = call.replyMetadata;
      if (metadata === undefined) writer.rawU8(status);
      else {
        writer.rawU8(status | replyMetadataFlag);
        writer.rawU32(metadata.length);
        writer.rawBytes(metadata);
      }
      writePayload(writer);
    } catch (error) {
      writer.abandon();
      throw error;
    }
    const bytes = writer.length - replyBodyAt;
    this.events.emit?.('answered', { end: endOf(status), code, bytes, ...aboutReceived(call) });
    call.state = 'answered';
    call.onAbandoned = undefined;
    call.session?.answered(call);
    this.keepAndSend(
      call,
      { bytes: arena.buffer, start: arena.start + replyBodyAt, end: arena.position },
      now,
    );
  }

  /** Keeps the reply that stands in the arena, where it is to be kept, and sends it. */
  private keepAndSend(call: ReceivedCall, reply: KeptReply, now: number): void {
    const { session, link } = call;
    const size = sizeOf(reply);
    const isUnwanted = call.abandoned && !session?.remembers(call);
    if (call.oneWay || isUnwanted) {
      arena.abandon();
      return;
    }
    const longest = session?.replyBytes ?? this.limits.messageBytes;
    if (size > Math.min(longest, this.limits.messageBytes, longestReply(link))) {
      arena.abandon();
      this.sendTombstone(call);
      return;
    }
    if (call.recorded && session !== undefined) this.keep(session, call, reply);
    address(link, call.clientId);
    if (size + replyBodyAt > link.maxFrame) {
      arena.begin();
      if (!call.recorded) session?.keepForRepair(call, reply, now);
      if (call.reply === reply) sendKeptReply(call, reply, now);
      else this.sendTombstone(call);
    } else if (mayAnswer(link, size + replyBodyAt)) {
      sendFrame(link);
    } else {
      arena.begin();
      askToValidate(link, session?.token);
    }
  }

  private keep(session: CallSession, call: ReceivedCall, reply: KeptReply): void {
    const { limits } = this;
    const size = sizeOf(reply);
    // New calls are refused at the bounds; those that were admitted before may go beyond by one reply.
    const fits =
      size <= limits.keptReplyBytes &&
      session.historyBytes + size <= limits.historyBytesPerClient + limits.keptReplyBytes &&
      this.usage.historyBytes + size <= limits.historyBytes + limits.keptReplyBytes;
    if (fits && session.remembers(call)) session.keep(call, reply);
  }

  private sendTombstone(call: ReceivedCall): void {
    const writer = beginReply(call, this.clock.now());
    writer.rawU8(ReplyStatus.failure);
    writeFailure(writer, executedButGone);
    address(call.link, call.clientId);
    if (mayAnswer(call.link, writer.length)) sendFrame(call.link);
    else writer.abandon();
  }
}

const sizeOf = ({ start, end }: KeptReply): number => end - start;
