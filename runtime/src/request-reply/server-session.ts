/**
 * What a server knows of one client: how it is recognised, where it is, its reply history, and what of its requests is
 * under way. It belongs to the client, not to a connection or an address.
 */
import type { Reader } from '../marshalling/reader.js';
import type { Principal } from '../schema/description.js';
import type { Link } from '../transport/transport.js';
import { readAcknowledgement } from './acknowledgement.js';
import { type CongestionWindow, createCongestionWindow } from './congestion.js';
import { createFragmentSender, type FragmentSender } from './fragment-sender.js';
import { type FragmentHeader, Reassembly } from './fragments.js';
import { type HistoryUsage, ReplyHistory } from './history.js';
import type { ServerLimits } from './limits.js';
import { abandon, type CallSession, type KeptReply, type ReceivedCall } from './received-call.js';
import { createRepairs, type Repairs } from './repairs.js';
import { createRoundTripEstimate, type RoundTripEstimate } from './retransmission.js';
import type { SendTimer } from './send-timer.js';
import type { OnResent } from './transfer.js';

export interface HalfOpenRequest {
  readonly message: Reassembly;
  /** Of an at-most-once call, which ends with the call's being finished. */
  readonly filtered: boolean;
  lastHeard: number;
}

/** Time-outs in a row, about ten seconds, after which a reply is sent no further: a client that waits for it asks. */
const replyTimeouts = 10;

/** What all sessions of a server hold together. */
export interface SharedUsage extends HistoryUsage {
  halfOpenBytes: number;
}

/** Whether the half-open requests and items of a session may hold so many more bytes. */
export function hasRoom(
  { halfOpenBytes }: CallSession,
  usage: SharedUsage,
  limits: ServerLimits,
  bytes: number,
): boolean {
  return (
    halfOpenBytes + bytes <= limits.halfOpenBytesPerClient &&
    usage.halfOpenBytes + bytes <= limits.halfOpenBytes
  );
}

export class ServerSession implements CallSession {
  readonly clientId: Buffer;
  /** The client id as a key of the server's table. */
  readonly key: string;
  readonly token: Buffer;
  /** Of the handshake that opened the session. */
  readonly nonce: Buffer;
  readonly replyBytes: number;
  /** Under whom it was opened: nobody else gets anything of it. */
  readonly principal: Principal | undefined;
  /** The latest validated path to the client. */
  link: Link;
  lastHeard: number;
  readonly fragments: FragmentSender;
  /** Of what goes to the client over datagrams. */
  readonly congestion: CongestionWindow;
  readonly history: ReplyHistory;
  /** Calls that execute although nobody filters them, so that a probe can be told. */
  readonly unfiltered = new Map<number, ReceivedCall>();
  /** Their long replies, while parts of them may be missing. */
  readonly repairs: Repairs;
  readonly halfOpen = new Map<number, HalfOpenRequest>();
  halfOpenBytes = 0;
  streams = 0;
  private readonly usage: SharedUsage;
  private estimate: RoundTripEstimate | undefined;

  constructor(
    opened: Pick<
      ServerSession,
      'clientId' | 'key' | 'token' | 'nonce' | 'replyBytes' | 'principal' | 'link' | 'lastHeard'
    >,
    firstNumber: number,
    datagramBytes: number,
    timer: SendTimer,
    repairBytes: number,
    usage: SharedUsage,
    onResent: OnResent,
  ) {
    this.clientId = opened.clientId;
    this.key = opened.key;
    this.token = opened.token;
    this.nonce = opened.nonce;
    this.replyBytes = opened.replyBytes;
    this.principal = opened.principal;
    this.link = opened.link;
    this.lastHeard = opened.lastHeard;
    this.history = new ReplyHistory(firstNumber, usage);
    this.congestion = createCongestionWindow(datagramBytes);
    this.fragments = createFragmentSender({
      window: this.congestion,
      datagramBytes,
      mostTimeouts: replyTimeouts,
      onResent,
      arm: at => timer.arm(this.fragments, at),
    });
    this.repairs = createRepairs(repairBytes);
    this.usage = usage;
  }

  /** Only streams need it: most sessions have none. */
  get roundTrip(): RoundTripEstimate {
    this.estimate ??= createRoundTripEstimate();
    return this.estimate;
  }

  get historyBytes(): number {
    return this.history.bytes;
  }

  /** The call that a probe or a cancel is about. */
  find(number: number): ReceivedCall | undefined {
    return this.history.find(number) ?? this.unfiltered.get(number) ?? this.repairs.find(number);
  }

  remembers(call: ReceivedCall): boolean {
    return this.history.find(call.number) === call;
  }

  keep(call: ReceivedCall, reply: KeptReply): void {
    this.history.keep(call, reply);
  }

  keepForRepair(call: ReceivedCall, reply: KeptReply, now: number): void {
    this.repairs.keep(call, reply, now);
  }

  answered(call: ReceivedCall): void {
    // A copy that executes beside it has taken its place.
    if (this.unfiltered.get(call.number) === call) this.unfiltered.delete(call.number);
  }

  /** Takes an acknowledgement: drops replies, and abandons calls that still run. */
  acknowledge(reader: Reader): void {
    readAcknowledgement(reader, (from, to) => {
      this.history.finish(from, to);
      for (const [number, request] of this.halfOpen) {
        if (request.filtered && number >= from && number < to) this.dropHalfOpen(number);
      }
    });
  }

  /** The request of which a fragment came, begun with it if need be. */
  halfOpenRequest(
    number: number,
    { total, count }: FragmentHeader,
    filtered: boolean,
    now: number,
  ): HalfOpenRequest {
    const known = this.halfOpen.get(number);
    if (known !== undefined) {
      known.lastHeard = now;
      return known;
    }
    const request = { message: new Reassembly(total, count), filtered, lastHeard: now };
    this.halfOpen.set(number, request);
    this.countHalfOpen(request.message.size);
    return request;
  }

  /** A half-open request holds so many more bytes. */
  countHalfOpen(bytes: number): void {
    this.halfOpenBytes += bytes;
    this.usage.halfOpenBytes += bytes;
  }

  dropHalfOpen(number: number): void {
    const request = this.halfOpen.get(number);
    if (request === undefined) return;
    this.halfOpen.delete(number);
    this.countHalfOpen(-request.message.size);
  }

  /** Calls that have no answer yet. */
  *unanswered(): Iterable<ReceivedCall> {
    yield* this.history.unanswered();
    yield* this.unfiltered.values();
  }

  /** The session ends: whoever still runs for it is told. */
  end(): void {
    this.history.end();
    for (const call of this.unfiltered.values()) abandon(call);
    for (const number of [...this.halfOpen.keys()]) this.dropHalfOpen(number);
  }
}
