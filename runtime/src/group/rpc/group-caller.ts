/** Makes the calls of generated client stubs, to all members of the group. */
import { encodeMetadata } from '../../marshalling/dynamic.js';
import type { Writer } from '../../marshalling/writer.js';
import { currentContext } from '../../schema/current-context.js';
import type { AnyProcedure, CallContext, CallOptions } from '../../schema/description.js';
import { CallError } from '../../schema/errors.js';
import type { DeliveryOrder, GroupCaller, GroupPolicy, ReplyPolicy } from '../../schema/group.js';
import { metadataOf } from '../../schema/inherited-metadata.js';
import { Order } from '../message.js';
import { RunningCall } from './context.js';
import type { Exchange } from './exchange.js';
import { type CallHeader, Target, writeCall } from './frames.js';
import { PendingCall } from './pending-call.js';
import { notExecuted, notSent } from './pending-calls.js';
import { neededOf } from './reply-collection.js';

/** What may be said of any call to a group. */
export interface CastOptions extends Pick<CallOptions, 'deadline' | 'signal' | 'metadata'> {
  readonly parent?: ParentCall | null | undefined;
  readonly replies?: ReplyPolicy | undefined;
  readonly order?: DeliveryOrder | undefined;
  readonly safe?: boolean | undefined;
}

/** What a call takes over from the one that it serves. */
export type ParentCall = Pick<CallContext, 'deadline' | 'signal' | 'metadata'>;

/** What is settled of a call before its arguments are written. */
export interface PlannedCall {
  readonly number: number;
  readonly header: CallHeader;
  readonly metadata: Uint8Array | undefined;
  readonly deadlineAt: number;
  readonly replies: ReplyPolicy;
  readonly order: Order;
  readonly safe: boolean;
  readonly nested: boolean;
  readonly signals: readonly AbortSignal[];
}

/** @param exchange undefined as long as the member has not joined */
export function createGroupCaller(exchange: () => Exchange | undefined, metadataBytes: number): GroupCaller {
  return {
    group(policy, values, options) {
      // What is thrown in here rejects the promise.
      return new Promise((resolve, reject) => {
        const { procedure } = policy;
        const name = nameOf(procedure);
        const joined = joinedOf(exchange(), name);
        checkPolicy(name, policy, options);
        const plan = planCall(
          joined,
          Target.procedure,
          name,
          policy,
          procedure.deadline,
          options,
          metadataBytes,
        );
        const frame = marshal(name, plan, writer => writeArguments(writer, procedure, values));
        beginCall(joined, {
          plan,
          name,
          procedure,
          frame,
          resolve: resolve as PendingCall['resolve'],
          reject,
        });
      });
    },
    groupOnce(policy, values, options) {
      return new Promise((resolve, reject) => {
        const { procedure } = policy;
        const name = nameOf(procedure);
        const joined = joinedOf(exchange(), name);
        const sent = { order: 'unordered', replies: 'none' } as const;
        const plan = planCall(
          joined,
          Target.procedure,
          name,
          sent,
          procedure.deadline,
          options,
          metadataBytes,
        );
        const aborted = plan.signals.find(signal => signal.aborted);
        if (aborted !== undefined) throw notExecuted('cancelled', 'the call was cancelled', aborted.reason);
        const frame = marshal(name, plan, writer => writeArguments(writer, procedure, values));
        try {
          joined.sendOnce(frame);
        } catch (error) {
          reject(notSent(joined.port, name, error));
          return;
        }
        resolve();
      });
    },
  };
}

/** Hands a call to the exchange. @throws CallError when it cannot begin */
export function beginCall(
  { pending }: Exchange,
  call: {
    readonly plan: PlannedCall;
    readonly name: string;
    readonly procedure: AnyProcedure | undefined;
    readonly frame: Buffer;
    readonly to?: PendingCall['to'];
    readonly resolve: PendingCall['resolve'];
    readonly reject: PendingCall['reject'];
  },
): void {
  const { plan, ...rest } = call;
  const { number, deadlineAt, replies, order, safe, nested } = plan;
  const send = { order, safe, nested };
  pending.begin(new PendingCall({ ...rest, number, deadlineAt, replies, send }), plan.signals);
}

/** @throws CallError when something of the options cannot be */
export function planCall(
  exchange: Exchange,
  target: Target,
  name: string,
  policy: { readonly order: DeliveryOrder; readonly replies: ReplyPolicy },
  usualDeadline: number,
  options: CastOptions | undefined,
  metadataBytes: number,
): PlannedCall {
  const { port, pending } = exchange;
  if (!port.open) throw notExecuted('unavailable', 'this member has left the group or was excluded from it');
  const given = options?.parent;
  const parent = given === undefined ? currentContext() : (given ?? undefined);
  const order = options?.order ?? policy.order;
  const replies = options?.replies ?? policy.replies;
  checkReplies(name, replies);
  const isNested = parent instanceof RunningCall && parent.port === port;
  if (isNested && parent.holdsQueue && order !== 'unordered') checkNested(exchange, name, replies);
  const deadlineAt = deadlineOf(name, options?.deadline ?? usualDeadline, parent, port.clock.now());
  const number = pending.takeNumber();
  return {
    number,
    header: {
      target,
      number,
      remaining: Math.max(0, deadlineAt - port.clock.now()),
      replies: replies !== 'none',
      ordered: order !== 'unordered',
      // Members that keep one state by total order must all have executed the same calls.
      expires: order !== 'total',
    },
    metadata: metadataBytesOf(name, options, parent, metadataBytes),
    deadlineAt,
    replies,
    order: Order[order],
    safe: options?.safe ?? (order !== 'unordered' && (replies === 'first' || replies === 'majority')),
    nested: isNested,
    signals: signalsOf(options?.signal, parent),
  };
}

/** @throws CallError when an argument does not fit */
export function marshal(name: string, plan: PlannedCall, rest: (writer: Writer) => void): Buffer {
  try {
    return writeCall(plan.header, plan.metadata, rest);
  } catch (error) {
    throw misfit(name, error);
  }
}

/** @throws CallError before `join` */
export function joinedOf(exchange: Exchange | undefined, name: string): Exchange {
  if (exchange !== undefined) return exchange;
  throw notExecuted('failed-precondition', `${name} was called before its member joined the group`);
}

function writeArguments(writer: Writer, procedure: AnyProcedure, values: readonly unknown[]): void {
  writer.rawU32(procedure.key[0]);
  writer.rawU32(procedure.key[1]);
  procedure.writeArguments(writer, values);
}

/** The type of the options says the same; JavaScript and casts do not. */
function checkPolicy(name: string, policy: GroupPolicy, options: CastOptions | undefined): void {
  const order = options?.order;
  if (order === undefined || Order[order] >= Order[policy.order]) return;
  throw misfit(
    name,
    new RangeError(`the order '${order}' promises less than '${policy.order}', which the schema declares`),
  );
}

const replyWords: readonly unknown[] = ['first', 'majority', 'all', 'none'];

function checkReplies(name: string, replies: ReplyPolicy): void {
  if (replyWords.includes(replies)) return;
  if (typeof replies === 'object' && Number.isInteger(replies.n) && replies.n > 0) return;
  const wanted = "'first', 'majority', 'all', 'none', or { n } with a whole number above 0";
  throw misfit(name, new RangeError(`replies must be ${wanted}, not ${JSON.stringify(replies)}`));
}

/** The call would wait in the queue that its caller holds. */
function checkNested({ port }: Exchange, name: string, replies: ReplyPolicy): void {
  const members = port.view?.members.length ?? 1;
  if (neededOf(replies, members) < members) return;
  throw notExecuted(
    'failed-precondition',
    `${name} was called by a handler whose own member cannot execute it before that handler ends: ` +
      'ask for fewer replies, or call it when the handler has ended',
  );
}

function deadlineOf(name: string, deadline: number, parent: ParentCall | undefined, now: number): number {
  if (!(deadline > 0)) throw misfit(name, new RangeError(`the deadline must be above 0 ms, not ${deadline}`));
  const deadlineAt = Math.min(now + deadline, parent?.deadline ?? Number.POSITIVE_INFINITY);
  if (deadlineAt > now) return deadlineAt;
  throw notExecuted('deadline-exceeded', `the deadline of the call that ${name} serves has passed`);
}

function metadataBytesOf(
  name: string,
  options: CastOptions | undefined,
  parent: ParentCall | undefined,
  most: number,
): Uint8Array | undefined {
  if (options?.metadata === undefined && parent === undefined) return undefined;
  const metadata = metadataOf({ metadata: options?.metadata, parent });
  if (metadata === undefined) return undefined;
  try {
    return encodeMetadata(metadata, most);
  } catch (error) {
    throw misfit(name, error);
  }
}

const noSignals: readonly AbortSignal[] = [];

function signalsOf(signal: AbortSignal | undefined, parent: ParentCall | undefined): readonly AbortSignal[] {
  if (signal === undefined && parent === undefined) return noSignals;
  return [signal, parent?.signal].filter(each => each !== undefined);
}

/** An argument or an option is not what it should be. */
function misfit(name: string, error: unknown): CallError {
  if (error instanceof CallError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return notExecuted('invalid-argument', `${name}: ${reason}`, error);
}

const nameOf = (procedure: AnyProcedure): string => `${procedure.interface}.${procedure.name}`;
