/**
 * Calls and replies of one member, above its stack. Group RPC and message dispatchers share it, so that their calls keep
 * one order: one table of calls that wait for replies, one queue of calls that wait to be executed.
 */
import { MarshalError } from '../../marshalling/errors.js';
import { Reader } from '../../marshalling/reader.js';
import type { Writer } from '../../marshalling/writer.js';
import { type Failure, ReplyStatus } from '../../request-reply/frames.js';
import { replyMetadataFlag } from '../../request-reply/reply-frame.js';
import type { Peer } from '../../schema/description.js';
import { DeclaredError } from '../../schema/errors.js';
import type { GroupEvent } from '../layer.js';
import { everyone, type Member, type MemberId } from '../member.js';
import { Kind, type Message } from '../message.js';
import type { GroupPort } from '../port.js';
import { Execution } from './execution.js';
import { type ReceivedHeader, readCall, type Target, writeKeptReply, writeReply } from './frames.js';
import { PendingCalls } from './pending-calls.js';
import { readMemberReply } from './read-reply.js';
import { answerFailure, type ReceivedCall } from './received-call.js';

/** Takes the calls of one kind of target. */
export interface CallTarget {
  /** The reader is done with when this returns. @throws MarshalError when the call is none that it knows */
  take(call: MemberCall, reader: Reader): void;
}

/** Procedures and message handlers without an order that may run at the same time at a member. */
const runningCalls = 10_000;

const exchanges = new WeakMap<GroupPort, Exchange>();

/** The exchange of a member: made for the first part that asks for it. */
export function exchangeOf(port: GroupPort): Exchange {
  let exchange = exchanges.get(port);
  if (exchange === undefined) {
    exchange = new Exchange(port);
    exchanges.set(port, exchange);
  }
  return exchange;
}

export class Exchange {
  readonly port: GroupPort;
  readonly pending: PendingCalls;
  readonly execution: Execution;
  private readonly targets: (CallTarget | undefined)[] = [];
  private readonly reader = new Reader();
  private members = new Map<MemberId, Member>();

  constructor(port: GroupPort) {
    this.port = port;
    this.pending = new PendingCalls(port);
    this.execution = new Execution({
      clock: port.clock,
      consumed: message => port.consumed(message),
      running: runningCalls,
    });
    port.receive(Kind.call, message => this.onCall(message));
    port.receive(Kind.reply, message => this.onReply(message.sender, message.body));
    port.subscribe(event => this.on(event));
    // Calls have no state of their own; but what they do to that of the application must be done before it is saved.
    port.addState({
      name: 'calls',
      isEmpty: true,
      settle: () => this.execution.settle(),
      save: async function* nothing() {},
      load: async pieces => {
        for await (const _ of pieces);
      },
    });
  }

  /** @throws TypeError when it is taken */
  setTarget(target: Target, takes: CallTarget): void {
    if (this.targets[target] !== undefined) throw new TypeError('the member has such a part already');
    this.targets[target] = takes;
  }

  /** Sends a call once to all others, and executes it here. */
  sendOnce(frame: Buffer): void {
    const { port } = this;
    port.multicastOnce(Kind.call, frame);
    this.take(port.self, undefined, frame);
  }

  /** Sends the reply to a call. */
  answer(
    call: MemberCall,
    status: number,
    metadata: Uint8Array | undefined,
    payload: (writer: Writer) => void,
  ): void {
    if (this.awaits(call)) this.reply(call.caller.id, writeReply(call.number, status, metadata, payload));
  }

  /** Sends the reply to a call, as it was kept. */
  answerWith(call: MemberCall, body: Buffer): void {
    if (this.awaits(call)) this.reply(call.caller.id, writeKeptReply(call.number, body));
  }

  private awaits({ caller, replies }: MemberCall): boolean {
    return replies && this.port.open && this.members.has(caller.id);
  }

  private reply(to: MemberId, bytes: Buffer): void {
    if (to === this.port.self.id) this.onReply(to, bytes);
    else this.port.unicast(Kind.reply, to, bytes);
  }

  /** Answers a call that is not executed. */
  turnAway(call: ReceivedCall, code: Failure['code'], message: string): void {
    if (call.message !== undefined) this.port.consumed(call.message);
    answerFailure(call, undefined, { code, outcome: 'not-executed', message });
  }

  private onCall(message: Message): void {
    const { self } = this.port;
    // Nobody else may call: what comes from outside an open group comes as another kind, through a member.
    const sender = message.sender === self.id ? self : this.members.get(message.sender);
    if (sender === undefined) {
      this.port.count('not-a-member');
      this.skip(message);
    } else this.take(sender, message, toBuffer(message.body));
  }

  private take(caller: Member, message: Message | undefined, frame: Buffer): void {
    const { port } = this;
    const counted = message?.reliable && message.target === everyone ? message : undefined;
    try {
      const reader = this.reader.reset(frame);
      const header = readCall(reader);
      if (counted !== undefined && caller.id === port.self.id) this.pending.delivered(header.number);
      const call = new MemberCall(this, caller, header, message, counted);
      const target = this.targets[header.target];
      if (target === undefined) this.turnAway(call, 'unimplemented', 'this member executes no calls');
      else target.take(call, reader);
    } catch (error) {
      if (!(error instanceof MarshalError)) throw error;
      port.count('malformed');
      if (counted !== undefined) port.consumed(counted);
    }
  }

  private skip(message: Message): void {
    if (message.reliable && message.target === everyone) this.port.consumed(message);
  }

  private onReply(from: MemberId, body: Uint8Array): void {
    try {
      const reader = this.reader.reset(toBuffer(body));
      const call = this.pending.get(reader.rawU32());
      // It may have ended: with enough other replies, or at its deadline.
      const member = from === this.port.self.id ? this.port.self : this.members.get(from);
      if (call === undefined || member === undefined) return;
      if (call.raw) {
        const status = reader.rawU8() & ~replyMetadataFlag;
        reader.position--;
        const good = status === ReplyStatus.result || status === ReplyStatus.declaredError;
        const reply = {
          kind: 'raw',
          member: member.address,
          body: reader.rawBytes(reader.remaining),
        } as const;
        this.pending.reply(call, from, reply, good);
        return;
      }
      const reply = readMemberReply(reader, member.address, call.called);
      const good = reply.kind === 'value' || reply.error instanceof DeclaredError;
      this.pending.reply(call, from, reply, good);
    } catch (error) {
      if (!(error instanceof MarshalError)) throw error;
      this.port.count('malformed');
    }
  }

  private on(event: GroupEvent): void {
    switch (event.type) {
      case 'view':
        this.members = new Map(event.view.members.map(member => [member.id, member]));
        this.pending.retain(event.view.members);
        break;
      case 'room':
      case 'unblock':
        this.pending.sendWaiting();
        break;
      case 'end':
        this.execution.end();
        this.pending.end();
        break;
    }
  }
}

/** A call that a member made. */
export class MemberCall implements ReceivedCall {
  readonly caller: Member;
  readonly number: number;
  readonly replies: boolean;
  readonly ordered: boolean;
  readonly expires: boolean;
  readonly deadlineAt: number;
  readonly message: Message | undefined;
  readonly metadata: Buffer | undefined;
  /** How it came; undefined where this member made it and it has no order. */
  readonly arrival: Message | undefined;
  private readonly exchange: Exchange;

  constructor(
    exchange: Exchange,
    caller: Member,
    header: ReceivedHeader,
    arrival: Message | undefined,
    counted: Message | undefined,
  ) {
    this.exchange = exchange;
    this.caller = caller;
    this.number = header.number;
    this.replies = header.replies;
    this.ordered = header.ordered;
    this.expires = header.expires;
    this.deadlineAt = exchange.port.clock.now() + header.remaining;
    this.metadata = header.metadata;
    this.arrival = arrival;
    this.message = counted;
  }

  get peer(): Peer {
    return { address: this.caller.address, clientId: idText(this.caller.id) };
  }

  get callId(): string {
    return `${idText(this.caller.id)}/${this.number}`;
  }

  answer(status: number, metadata: Uint8Array | undefined, payload: (writer: Writer) => void): void {
    this.exchange.answer(this, status, metadata, payload);
  }
}

function idText(id: MemberId): string {
  return id.toString(16).padStart(12, '0');
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
