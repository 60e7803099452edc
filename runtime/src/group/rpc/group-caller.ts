/** Makes the calls of generated client stubs, to all members of the group. */
import { encodeMetadata } from '../../marshalling/dynamic.js';
import type { Writer } from '../../marshalling/writer.js';
import { currentContext } from '../../schema/current-context.js';
import type { AnyProcedure, CallContext, CallOptions } from '../../schema/description.js';
import type { CallError } from '../../schema/errors.js';
import type { DeliveryOrder, GroupCaller, GroupPolicy, ReplyPolicy } from '../../schema/group.js';
import { metadataOf } from '../../schema/inherited-metadata.js';
import { Order } from '../message.js';
import type { GroupPort, SendOptions } from '../port.js';
import { RunningCall } from './context.js';
import type { Exchange } from './exchange.js';
import { type CallHeader, Target, writeCall } from './frames.js';
import { calledName, PendingCall } from './pending-call.js';
import { notExecuted, notSent } from './pending-calls.js';
import { neededOf } from './reply-collection.js';

/** What may be said of any call to a group. */
export interface CastOptions extends Pick<CallOptions, 'deadline' | 'signal' | 'metadata'> {
  readonly parent?: ParentCall | null | undefined;
  readonly replies?: ReplyPolicy | undefined;
  readonly order?: DeliveryOrder | undefined;
  /** Uniform agreement: delivered nowhere before a majority of the view holds it. */
  readonly safe?: boolean | undefined;
}

/** What a call takes over from the one that it serves. */
export type ParentCall = Pick<CallContext, 'deadline' | 'signal' | 'metadata'>;

/** What is called, for errors: a procedure, or a text that names it. */
export type Called = AnyProcedure | string;

/** What is settled of a call before its arguments are written. */
export interface PlannedCall extends CallHeader {
  readonly metadata: Uint8Array | undefined;
  readonly deadlineAt: number;
  readonly policy: ReplyPolicy;
  readonly send: SendOptions;
  readonly signals: readonly AbortSignal[];
}

/** @param exchange undefined as long as the member has not joined */
export function createGroupCaller(exchange: () => Exchange | undefined, metadataBytes: number): GroupCaller {
  return {
    group(policy, values, options) {
      // What is thrown in here rejects the promise.
      return new Promise((resolve, reject) => {
        const { procedure } = policy;
        const joined = joinedOf(exchange(), procedure);
        checkPolicy(policy, options);
        const plan = planCall(joined, Target.procedure, procedure, policy, options, metadataBytes);
        const frame = marshal(procedure, plan, writer => writeArguments(writer, procedure, values));
        const resolveAll = resolve as PendingCall['resolve'];
        joined.pending.begin(
          new PendingCall(plan, procedure, frame, undefined, resolveAll, reject),
          plan.signals,
        );
      });
    },
    groupOnce({ procedure }, values, options) {
      return new Promise((resolve, reject) => {
        const joined = joinedOf(exchange(), procedure);
        const plan = planCall(joined, Target.procedure, procedure, unanswered, options, metadataBytes);
        const aborted = plan.signals.find(signal => signal.aborted);
        if (aborted !== undefined) throw notExecuted('cancelled', 'the call was cancelled', aborted.reason);
        const frame = marshal(procedure, plan, writer => writeArguments(writer, procedure, values));
        try {
          joined.sendOnce(frame);
        } catch (error) {
          reject(notSent(joined.port, calledName(procedure), error));
          return;
        }
        resolve();
      });
    },
  };
}

/** Of `maybe` procedures. */
const unanswered = { order: 'unordered', replies: 'none' } as const;

/** Of messages. */
const usualDeadline = 10_000;

/** @throws CallError when something of the options cannot be */
export function planCall(
  { port, pending }: Exchange,
  target: Target,
  called: Called,
  policy: { readonly order: DeliveryOrder; readonly replies: ReplyPolicy },
  options: CastOptions | undefined,
  metadataBytes: number,
): PlannedCall {
  if (!port.open) throw notExecuted('unavailable', 'this member has left the group or was excluded from it');
  const given = options?.parent;
  const parent = given === undefined ? currentContext() : (given ?? undefined);
  const order = options?.order ?? policy.order;
  const replies = options?.replies ?? policy.replies;
  checkReplies(called, replies);
  const nested = parent instanceof RunningCall && parent.port === port;
  if (nested && parent.holdsQueue && order !== 'unordered') checkNested(port, called, replies);
  const usual = typeof called === 'string' ? usualDeadline : called.deadline;
  const now = port.clock.now();
  const deadlineAt = deadlineOf(called, options?.deadline ?? usual, parent, now);
  const safe = options?.safe ?? (order !== 'unordered' && (replies === 'first' || replies === 'majority'));
  return {
    target,
    number: pending.takeNumber(),
    remaining: deadlineAt - now,
    replies: replies !== 'none',
    ordered: order !== 'unordered',
    // Members that keep one state by total order must all have executed the same calls.
    expires: order !== 'total',
    metadata: metadataBytesOf(called, options, parent, metadataBytes),
    deadlineAt,
    policy: replies,
    send: { order: Order[order], safe, nested },
    signals: signalsOf(options?.signal, parent),
  };
}

/** @throws CallError when an argument does not fit */
export function marshal(called: Called, plan: PlannedCall, rest: (writer: Writer) => void): Buffer {
  try {
    return writeCall(plan, plan.metadata, rest);
  } catch (error) {
    throw misfit(called, error);
  }
}

/** @throws CallError before `join` */
export function joinedOf(exchange: Exchange | undefined, called: Called): Exchange {
  if (exchange !== undefined) return exchange;
  throw notExecuted(
    'failed-precondition',
    `${calledName(called)} was called before its member joined the group`,
  );
}

function writeArguments(writer: Writer, procedure: AnyProcedure, values: readonly unknown[]): void {
  writer.rawU32(procedure.key[0]);
  writer.rawU32(procedure.key[1]);
  procedure.writeArguments(writer, values);
}

/** The type of the options says the same; JavaScript and casts do not. */
function checkPolicy(policy: GroupPolicy, options: CastOptions | undefined): void {
  const order = options?.order;
  if (order === undefined || Order[order] >= Order[policy.order]) return;
  throw misfit(
    policy.procedure,
    new RangeError(`the order '${order}' promises less than '${policy.order}', which the schema declares`),
  );
}

const replyWords: readonly unknown[] = ['first', 'majority', 'all', 'none'];

function checkReplies(called: Called, replies: ReplyPolicy): void {
  if (replyWords.includes(replies)) return;
  if (typeof replies === 'object' && Number.isInteger(replies.n) && replies.n > 0) return;
  const wanted = "'first', 'majority', 'all', 'none', or { n } with a whole number above 0";
  throw misfit(called, new RangeError(`replies must be ${wanted}, not ${JSON.stringify(replies)}`));
}

/** The call would wait in the queue that its caller holds. */
function checkNested(port: GroupPort, called: Called, replies: ReplyPolicy): void {
  const members = port.view?.members.length ?? 1;
  if (neededOf(replies, members) < members) return;
  throw notExecuted(
    'failed-precondition',
    `${calledName(called)} was called by a handler whose own member cannot execute it before that handler ends: ` +
      'ask for fewer replies, or call it when the handler has ended',
  );
}

function deadlineOf(called: Called, deadline: number, parent: ParentCall | undefined, now: number): number {
  if (!(deadline > 0))
    throw misfit(called, new RangeError(`the deadline must be above 0 ms, not ${deadline}`));
  const deadlineAt = Math.min(now + deadline, parent?.deadline ?? Number.POSITIVE_INFINITY);
  if (deadlineAt > now) return deadlineAt;
  throw notExecuted(
    'deadline-exceeded',
    `the deadline of the call that ${calledName(called)} serves has passed`,
  );
}

function metadataBytesOf(
  called: Called,
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
    throw misfit(called, error);
  }
}

const noSignals: readonly AbortSignal[] = [];

function signalsOf(signal: AbortSignal | undefined, parent: ParentCall | undefined): readonly AbortSignal[] {
  if (signal === undefined && parent === undefined) return noSignals;
  return [signal, parent?.signal].filter(each => each !== undefined);
}

/** An argument or an option is not what it should be. */
function misfit(called: Called, error: unknown): CallError {
  const reason = error instanceof Error ? error.message : String(error);
  return notExecuted('invalid-argument', `${calledName(called)}: ${reason}`, error);
}
