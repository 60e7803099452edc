/**
 * The way into an open group for those who are no members.
 *
 * A client calls any member, which relays the call as a multicast. Each member filters calls by the client's id and the
 * call's number when they are delivered, executes what is new, and keeps the reply until the client acknowledges it. So
 * when the relay fails, the client goes to another member under the same number: what was executed is not executed again,
 * and its replies are sent anew. Filter and replies are part of the state that joiners are given.
 *
 * A client begins with a session, which is opened at all members before its first call. Who has none is refused: a late
 * copy of a call whose session was forgotten is never executed. All this belongs to one incarnation of the group, told by
 * its epoch, which its first member draws.
 */
import type { Reader } from '../../marshalling/reader.js';
import type { Timer } from '../../platform/platform.js';
import { ReplyStatus, writeFailure } from '../../request-reply/frames.js';
import type { CallError } from '../../schema/errors.js';
import type { DeliveryOrder, ReplyPolicy } from '../../schema/group.js';
import { ByteReader } from '../bytes.js';
import type { GroupEvent } from '../layer.js';
import { Order } from '../message.js';
import type { GroupPart, GroupPort } from '../port.js';
import { type Exchange, exchangeOf, type MemberCall } from '../rpc/exchange.js';
import { Target, writeCall, writeReply } from '../rpc/frames.js';
import { PendingCall } from '../rpc/pending-call.js';
import { notExecuted, notSent } from '../rpc/pending-calls.js';
import { answerFailure } from '../rpc/received-call.js';
import type { AnyReply } from '../rpc/reply-collection.js';
import type { OfferedPolicy, Refusal, RpcDispatcher } from '../rpc/rpc-dispatcher.js';
import { type RelayedNumbers, RelayOp, readNumbers, readOp, writeOp, writeRelayedCall } from './frames.js';
import { RelayedCall } from './relayed-call.js';
import { ClientSession, loadSessions, type Sessions, saveSessions } from './sessions.js';

/** How much a member keeps for those outside. Milliseconds, bytes and entries. */
export interface RelayLimits {
  /** How long a silent client is remembered. */
  readonly lease: number;
  /** Clients at the same time. */
  readonly sessions: number;
  /** Calls of one client that it has not acknowledged. */
  readonly entriesPerClient: number;
  /** Bytes of their replies. */
  readonly bytesPerClient: number;
}

const defaultLimits: RelayLimits = {
  lease: 60_000,
  sessions: 10_000,
  entriesPerClient: 4096,
  bytesPerClient: 16 << 20,
};

/** A call from outside, as whoever serves the client hands it over. */
export interface RelayRequest extends RelayedNumbers {
  /** The client's id: 32 hexadecimal digits. */
  readonly client: string;
  /** Of the group's incarnation to which the client believes to talk. */
  readonly epoch: string;
  readonly key: readonly [high: number, low: number];
  /** Instead of the order that this member's schema declares, where it promises more. */
  readonly order: DeliveryOrder | undefined;
  readonly replies: ReplyPolicy | undefined;
  readonly safe: boolean | undefined;
  /** In milliseconds from now. */
  readonly deadline: number;
  readonly metadata: Uint8Array | undefined;
  /** The arguments as the procedure marshals them. */
  readonly values: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a relayed call at one member. */
export type RelayedReply =
  /** `status u8 | [metadata] | payload`, as in any reply. */
  | { readonly kind: 'raw'; readonly member: string; readonly body: Uint8Array }
  | { readonly kind: 'suspected' | 'timed-out'; readonly member: string };

/** Why a client has to begin anew: nothing of its call was executed by this group under that number. */
export class UnknownClient extends Error {
  readonly reason: 'epoch' | 'session';

  constructor(reason: 'epoch' | 'session') {
    super(reason === 'epoch' ? 'the group is another incarnation' : 'the group does not know the client');
    this.reason = reason;
  }
}

const epochBytes = 8;
const ordersByRank: readonly DeliveryOrder[] = ['unordered', 'fifo', 'causal', 'total'];

export class GroupRelay implements GroupPart {
  private readonly dispatcher: RpcDispatcher;
  private readonly limits: RelayLimits;
  private exchange: Exchange | undefined;
  private sessions: Sessions = new Map();
  private groupEpoch: Buffer | undefined;
  /** Calls that this member relays now: a client that asks twice waits for the same. */
  private readonly relayed = new Map<string, Promise<RelayedReply[]>>();
  private timer: Timer | undefined;

  /** @param dispatcher executes what is relayed; a part of the same member */
  constructor(dispatcher: RpcDispatcher, limits: Partial<RelayLimits> = {}) {
    this.dispatcher = dispatcher;
    this.limits = { ...defaultLimits, ...limits };
  }

  /** Called by `join`. */
  attach(port: GroupPort): void {
    const exchange = exchangeOf(port);
    this.exchange = exchange;
    // A closed group has nothing to remember of those whom it refuses.
    if (!this.dispatcher.isOpen) return;
    exchange.setTarget(Target.relayed, { take: (call, reader) => this.take(exchange, call, reader) });
    port.subscribe(event => this.on(port, event));
    port.addState({
      name: 'relay',
      save: () => this.save(),
      load: pieces => this.load(port, pieces),
    });
  }

  /**
   * Begins a client: all members know it when this resolves.
   *
   * @returns the group's epoch
   * @throws CallError when it cannot begin now
   */
  async open(client: string): Promise<string> {
    const { port } = this.joined();
    if (!this.dispatcher.isOpen)
      throw notExecuted('permission-denied', 'the group is closed: it is for members');
    const epoch = this.groupEpoch;
    if (epoch === undefined || !port.primary) throw minority();
    if (!this.sessions.has(client)) {
      if (this.sessions.size >= this.limits.sessions) {
        throw notExecuted('resource-exhausted', `the group has ${this.sessions.size} clients already`);
      }
      const replies = await this.tell(RelayOp.open, client, 'all');
      if (replies.some(({ kind }) => kind === 'timed-out')) {
        throw notExecuted('unavailable', 'not all members answered in time');
      }
    }
    return epoch.toString('hex');
  }

  /**
   * Relays a call, and collects what the members reply.
   *
   * @throws UnknownClient, or a CallError when the call was not relayed
   */
  call(request: RelayRequest): Promise<RelayedReply[]> {
    const id = `${request.client}/${request.number}`;
    const running = this.relayed.get(id);
    if (running !== undefined) return running;
    const replies = new Promise<RelayedReply[]>((resolve, reject) => this.begin(request, resolve, reject));
    this.relayed.set(id, replies);
    const forget = () => this.relayed.delete(id);
    replies.then(forget, forget);
    return replies;
  }

  /** @throws UnknownClient or CallError */
  private begin(
    request: RelayRequest,
    resolve: (replies: RelayedReply[]) => void,
    reject: (error: Error) => void,
  ): void {
    const exchange = this.joined();
    const { port, pending } = exchange;
    const policy = this.dispatcher.policyOf(request.key);
    if (policy === undefined)
      throw notExecuted('unimplemented', 'the group does not implement the procedure');
    const refusal = refusalOf(port, policy);
    const { interface: target, name: procedure } = policy.procedure;
    const name = `${target}.${procedure}`;
    if (refusal !== undefined) throw notExecuted(refusal.code, `${name} ${refusal.reason}`);
    if (policy.procedure.semantics === 'maybe') {
      this.sendOnce(exchange, request, name);
      resolve([]);
      return;
    }
    this.checkSession(request);
    const rank = Math.max(Order[request.order ?? 'unordered'], Order[policy.order]);
    const replies = request.replies ?? policy.replies;
    const order = ordersByRank[rank]!;
    const number = pending.takeNumber();
    const header = {
      target: Target.relayed,
      number,
      remaining: request.deadline,
      replies: replies !== 'none',
      ordered: order !== 'unordered',
      expires: order !== 'total',
    };
    const frame = writeCall(header, request.metadata, writer =>
      writeRelayedCall(writer, request.client, request, request.key, request.values),
    );
    const usual = order !== 'unordered' && (replies === 'first' || replies === 'majority');
    const plan = {
      number,
      deadlineAt: port.clock.now() + request.deadline,
      policy: replies,
      send: { order: Order[order], safe: request.safe ?? usual, nested: false },
    };
    const resolveAll = (all: AnyReply[]) => resolve(all as RelayedReply[]);
    const call = new PendingCall(plan, name, frame, undefined, resolveAll, reject, true);
    pending.begin(call, request.signal === undefined ? [] : [request.signal]);
  }

  private sendOnce(exchange: Exchange, request: RelayRequest, name: string): void {
    const header = {
      target: Target.procedure,
      number: exchange.pending.takeNumber(),
      remaining: request.deadline,
      replies: false,
      ordered: false,
      expires: true,
    };
    const frame = writeCall(header, request.metadata, writer => {
      writer.rawU32(request.key[0]);
      writer.rawU32(request.key[1]);
      writer.rawBytes(request.values);
    });
    try {
      exchange.sendOnce(frame);
    } catch (error) {
      throw notSent(exchange.port, name, error);
    }
  }

  /** @throws UnknownClient or CallError */
  private checkSession({ client, epoch, number }: RelayRequest): void {
    if (epoch !== this.groupEpoch?.toString('hex')) throw new UnknownClient('epoch');
    const session = this.sessions.get(client);
    if (session === undefined) throw new UnknownClient('session');
    const { entries, bytes } = session;
    if (entries.has(number)) return;
    if (entries.size >= this.limits.entriesPerClient || bytes >= this.limits.bytesPerClient) {
      throw notExecuted(
        'resource-exhausted',
        `the client has not acknowledged ${entries.size} replies of ${bytes} bytes`,
      );
    }
  }

  private take(exchange: Exchange, call: MemberCall, reader: Reader): void {
    const { op, client } = readOp(reader);
    if (op === RelayOp.call) {
      this.takeCall(exchange, call, client, reader);
      return;
    }
    if (call.message !== undefined) exchange.port.consumed(call.message);
    if (op === RelayOp.open) {
      const session = this.sessions.get(client) ?? new ClientSession();
      session.until = exchange.port.clock.now() + this.limits.lease;
      this.sessions.set(client, session);
    } else if (op === RelayOp.forget) this.sessions.delete(client);
    call.answer(ReplyStatus.result, undefined, () => {});
  }

  private takeCall(exchange: Exchange, call: MemberCall, client: string, reader: Reader): void {
    const { port } = exchange;
    const { number, lowest } = readNumbers(reader);
    const session = this.sessions.get(client);
    if (session === undefined) {
      exchange.turnAway(call, 'failed-precondition', 'the group does not know the client');
      return;
    }
    session.until = Math.max(session.until, port.clock.now() + this.limits.lease, finite(call.deadlineAt));
    session.acknowledge(lowest);
    const known = session.entries.get(number);
    if (known === undefined && number >= session.lowest) {
      const entry = { reply: undefined, waiting: [call] };
      session.entries.set(number, entry);
      const relayed = new RelayedCall(exchange, call, client, number, session, entry);
      this.dispatcher.execute(exchange, relayed, reader, policy => refusalOf(port, policy, call));
      return;
    }
    if (call.message !== undefined) port.consumed(call.message);
    if (known === undefined) {
      const message = 'the call was acknowledged before: this copy came late';
      answerFailure(call, undefined, { code: 'aborted', outcome: 'unknown', message });
    } else if (known.reply === undefined) known.waiting.push(call);
    else exchange.answerWith(call, known.reply);
  }

  /** Has all members do something for a client. */
  private tell(op: number, client: string, replies: ReplyPolicy): Promise<AnyReply[]> {
    const { pending, port } = this.joined();
    const number = pending.takeNumber();
    const deadline = 5000;
    const frame = writeCall(
      {
        target: Target.relayed,
        number,
        remaining: deadline,
        replies: replies !== 'none',
        ordered: false,
        expires: false,
      },
      undefined,
      writer => writeOp(writer, op, client),
    );
    const plan = {
      number,
      deadlineAt: port.clock.now() + deadline,
      policy: replies,
      send: { order: Order.total, safe: false, nested: false },
    };
    return new Promise((resolve, reject) => {
      pending.begin(
        new PendingCall(plan, 'the session of a client', frame, undefined, resolve, reject, true),
        [],
      );
    });
  }

  private on(port: GroupPort, event: GroupEvent): void {
    if (event.type === 'end') this.timer?.cancel();
    if (event.type !== 'view') return;
    const [first] = event.view.members;
    // Whoever begins a group has nobody to be told by.
    const founds = first?.id === port.self.id && event.joined.includes(first.id);
    if (founds) this.groupEpoch = Buffer.from(port.random.bytes(epochBytes));
    this.timer ??= this.sweepLater(port);
  }

  /** One member forgets for all, so that all forget at one point of the order. */
  private sweepLater(port: GroupPort): Timer {
    const timer = port.clock.setTimer(this.limits.lease / 4, () => {
      if (!port.open) return;
      this.timer = this.sweepLater(port);
      if (port.view?.members[0]?.id !== port.self.id || !port.primary) return;
      const now = port.clock.now();
      for (const [client, { until }] of this.sessions) {
        // It is tried again with the next sweep.
        if (until <= now) this.tell(RelayOp.forget, client, 'none').catch(() => {});
      }
    });
    timer.unref();
    return timer;
  }

  private async *save(): AsyncGenerator<Uint8Array> {
    if (this.groupEpoch === undefined) return;
    yield this.groupEpoch;
    yield* saveSessions(this.sessions);
  }

  private async load(port: GroupPort, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    const bytes = Buffer.concat(all);
    if (bytes.length < epochBytes) return;
    this.groupEpoch = Buffer.from(bytes.subarray(0, epochBytes));
    const until = port.clock.now() + this.limits.lease;
    this.sessions = loadSessions(new ByteReader(bytes.subarray(epochBytes)), until, executedBefore());
  }

  private joined(): Exchange {
    const { exchange } = this;
    if (exchange?.port.open) return exchange;
    throw notExecuted('unavailable', 'this member is not in the group');
  }
}

/** Why a call from outside is not executed at a member. */
function refusalOf(
  port: GroupPort,
  { open, order, procedure }: OfferedPolicy,
  call?: MemberCall,
): Refusal | undefined {
  if (!open) return { code: 'permission-denied', reason: 'is for members: the group is closed' };
  if (procedure.semantics === 'at-most-once' && !port.primary) {
    return { code: 'unavailable', reason: 'is not executed by a minority of the group' };
  }
  if (call === undefined || (call.arrival?.reliable === true && call.arrival.order >= Order[order])) {
    return undefined;
  }
  return { code: 'failed-precondition', reason: `is order ${order} at this member: less was asked for` };
}

function minority(): CallError {
  return notExecuted('unavailable', 'this member is cut off from the group, or has not got its state yet');
}

/** Of calls that ran when the state was saved, and whose replies this member never learns. */
function executedBefore(): Buffer {
  const message = 'the call was executed when this member joined the group; its reply is not known here';
  const reply = writeReply(0, ReplyStatus.failure, undefined, writer =>
    writeFailure(writer, { code: 'unavailable', outcome: 'unknown', message }),
  );
  return Buffer.from(reply.subarray(4));
}

/** A client without a deadline is not remembered for ever. */
function finite(time: number): number {
  return Number.isFinite(time) ? time : 0;
}

/** The relays of members, as `join` makes them. */
const relays = new WeakMap<object, GroupRelay>();

export function setRelay(member: object, relay: GroupRelay): void {
  relays.set(member, relay);
}

/** @throws TypeError when it is not a member that `join` made */
export function relayOf(member: object): GroupRelay {
  const relay = relays.get(member);
  if (relay === undefined) throw new TypeError('it is not a member that `join` made');
  return relay;
}
