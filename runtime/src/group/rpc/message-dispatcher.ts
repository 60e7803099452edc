/** Messages that ask for replies, without a schema: what group RPC is built like, for who has a format of its own. */
import type { Reader } from '../../marshalling/reader.js';
import { ReplyStatus } from '../../request-reply/frames.js';
import type { Awaitable } from '../../schema/description.js';
import { CallError } from '../../schema/errors.js';
import type { Reply } from '../../schema/group.js';
import type { Member, MemberAddress } from '../member.js';
import type { Message } from '../message.js';
import type { GroupPart, GroupPort } from '../port.js';
import { RunningCall } from './context.js';
import { type Exchange, exchangeOf, type MemberCall } from './exchange.js';
import type { Work } from './execution.js';
import { Target } from './frames.js';
import { type CastOptions, joinedOf, marshal, planCall } from './group-caller.js';
import { PendingCall } from './pending-call.js';
import { answerFailure, type ReceivedCall } from './received-call.js';

/** What a handler knows of the message that it answers. */
export interface MessageContext {
  /** Who sent it. */
  readonly from: MemberAddress;
  /** On the scale of the platform's clock, in milliseconds; `Infinity` when there is none. */
  readonly deadline: number;
  /** Milliseconds until the deadline, not below 0; `Infinity` when there is none. */
  readonly remaining: number;
  /** Aborted when the deadline passes, or this member leaves the group. */
  readonly signal: AbortSignal;
}

/** Answers a message. What it throws is the sender's reply too: a `CallError` as it is, anything else as `internal`. */
export type RequestHandler = (
  bytes: Uint8Array,
  context: MessageContext,
) => Awaitable<Uint8Array | undefined>;

/** How a dispatcher is told from others, and what it does. */
export interface MessageDispatcherOptions {
  /** Tells it from other dispatchers of the group; the same at all members. Default: `''`. */
  readonly name?: string;
  /** Answers messages. Without it the member sends, and its replies say `unimplemented`. */
  readonly onRequest?: RequestHandler;
  /** Told of errors that the handler throws, but for `CallError`. Default: they are printed on standard error. */
  readonly onError?: (error: unknown, from: MemberAddress) => void;
}

/** What may be said of one message. */
export interface MessageCastOptions extends Omit<CastOptions, 'metadata' | 'parent'> {
  /** For how many replies to wait. Default: `all`. */
  readonly replies?: CastOptions['replies'];
  /** In which order the members take it. Default: `fifo`. */
  readonly order?: CastOptions['order'];
  /** In milliseconds. Default: 10,000. */
  readonly deadline?: number;
  /** Only to these members; then the order is that of sending between each two of them. */
  readonly to?: readonly MemberAddress[];
  /** What a handler was given, where it sends this: it does not wait for what that handler holds back. */
  readonly parent?: MessageContext;
}

const usual = { order: 'fifo', replies: 'all' } as const;

/** The dispatchers of one member, by name. */
const dispatchers = new WeakMap<Exchange, Map<string, Taker>>();

/** Answers what was sent to the dispatcher of one name. */
type Taker = (call: MemberCall, bytes: Buffer) => void;

/** Casts messages and collects replies: a part of a member, made before `join` and handed to it. */
export class MessageDispatcher implements GroupPart {
  /** As it was given. */
  readonly name: string;
  private readonly nameBytes: Buffer;
  private readonly onRequest: RequestHandler | undefined;
  private readonly onError: (error: unknown, from: MemberAddress) => void;
  private exchange: Exchange | undefined;

  /** @throws RangeError when the name is longer than 255 bytes */
  constructor({ name = '', onRequest, onError = printError }: MessageDispatcherOptions = {}) {
    this.name = name;
    this.nameBytes = Buffer.from(name);
    if (this.nameBytes.length > 0xff) {
      throw new RangeError(`the name of a message dispatcher has at most 255 bytes: '${name}'`);
    }
    this.onRequest = onRequest;
    this.onError = onError;
  }

  /** Called by `join`. @throws TypeError when the member has another dispatcher of this name */
  attach(port: GroupPort): void {
    const exchange = exchangeOf(port);
    let named = dispatchers.get(exchange);
    if (named === undefined) {
      named = new Map();
      dispatchers.set(exchange, named);
      exchange.setTarget(Target.message, targetOf(exchange, named));
    }
    if (named.has(this.name)) {
      throw new TypeError(`the member has two message dispatchers named '${this.name}': rename one`);
    }
    named.set(this.name, (call, bytes) => this.take(exchange, call, bytes));
    this.exchange = exchange;
  }

  /**
   * Sends a message to all members, this one included, or to some, and collects their replies.
   *
   * @returns as many replies as were asked for, in the order in which they came; where fewer came, all that is known
   * @throws a `CallError` when it could not be sent
   */
  cast(bytes: Uint8Array, options: MessageCastOptions = {}): Promise<Reply<Uint8Array, never>[]> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      const name = `the message to '${this.name}'`;
      const exchange = joinedOf(this.exchange, name);
      const { parent, to, ...rest } = options;
      const cast = parent instanceof RunningCall ? { ...rest, parent } : rest;
      const plan = planCall(exchange, Target.message, name, usual, cast, 0);
      const frame = marshal(name, plan, writer => {
        writer.rawU8(this.nameBytes.length);
        writer.rawBytes(this.nameBytes);
        writer.rawBytes(bytes);
      });
      const members = to && membersOf(exchange.port, to);
      const resolveAll = resolve as PendingCall['resolve'];
      exchange.pending.begin(new PendingCall(plan, name, frame, members, resolveAll, reject), plan.signals);
    });
  }

  /** Has a message answered that was sent to this dispatcher. */
  private take(exchange: Exchange, call: MemberCall, bytes: Buffer): void {
    const { onRequest } = this;
    if (onRequest === undefined) {
      exchange.turnAway(
        call,
        'unimplemented',
        `the dispatcher '${this.name}' of this member answers nothing`,
      );
    } else exchange.execution.take(new MessageWork(call, exchange.port, onRequest, bytes, this.onError));
  }
}

function targetOf(exchange: Exchange, named: ReadonlyMap<string, Taker>) {
  return {
    take(call: MemberCall, reader: Reader): void {
      const name = reader.rawBytes(reader.rawU8()).toString();
      const bytes = reader.rawBytes(reader.remaining);
      const take = named.get(name);
      if (take !== undefined) take(call, bytes);
      else exchange.turnAway(call, 'unimplemented', `this member has no message dispatcher '${name}'`);
    },
  };
}

/** The members of these addresses; those that are none (any more) get ids that no member has. */
function membersOf({ view }: GroupPort, addresses: readonly MemberAddress[]): Member[] {
  return [...new Set(addresses)].map(
    (address, index) =>
      view?.members.find(member => member.address === address) ?? {
        id: -1 - index,
        at: { host: '', port: 0 },
        address,
      },
  );
}

class MessageRun extends RunningCall implements MessageContext {
  get from(): MemberAddress {
    return this.peer.address;
  }
}

class MessageWork implements Work {
  private readonly call: ReceivedCall;
  private readonly context: MessageRun;
  private readonly handler: RequestHandler;
  private readonly bytes: Buffer;
  private readonly onError: (error: unknown, from: MemberAddress) => void;

  constructor(
    call: ReceivedCall,
    port: GroupPort,
    handler: RequestHandler,
    bytes: Buffer,
    onError: (error: unknown, from: MemberAddress) => void,
  ) {
    this.call = call;
    this.context = new MessageRun(call, port);
    this.handler = handler;
    this.bytes = bytes;
    this.onError = onError;
  }

  get message(): Message | undefined {
    return this.call.message;
  }

  get ordered(): boolean {
    return this.call.ordered;
  }

  get deadlineAt(): number {
    return this.call.deadlineAt;
  }

  get expires(): boolean {
    return this.call.expires;
  }

  begin(): unknown {
    return this.handler(this.bytes, this.context);
  }

  returned(value: unknown): void {
    this.context.end();
    if (value !== undefined && !(value instanceof Uint8Array)) {
      this.failed(new TypeError('the handler of a message returned neither a Uint8Array nor undefined'));
      return;
    }
    this.call.answer(ReplyStatus.result, undefined, writer => {
      if (value !== undefined) writer.rawBytes(value);
    });
  }

  threw(error: unknown): void {
    this.context.end();
    if (!(error instanceof CallError)) this.failed(error);
    else {
      const { code, message } = error;
      answerFailure(this.call, undefined, { code, outcome: 'executed', message });
    }
  }

  expired(): void {
    const message = 'the deadline passed while the message waited at the member';
    answerFailure(this.call, undefined, { code: 'deadline-exceeded', outcome: 'not-executed', message });
  }

  abandon(): void {
    this.context.abandon();
  }

  private failed(error: unknown): void {
    const message = 'the handler of the message failed';
    answerFailure(this.call, undefined, { code: 'internal', outcome: 'executed', message });
    this.onError(error, this.context.from);
  }
}

function printError(error: unknown, from: MemberAddress): void {
  console.error(`the handler of a message from ${from} failed:`, error);
}
