/**
 * Calls an open group from outside. Any member relays a call; when it does not answer, the next one is asked under the same
 * number, and the members filter: so each of them executes the call at most once.
 */
import {
  CallOrder,
  OpenGroup,
  type OpenGroupClient,
  type RelayedCall,
  RelayedEnd,
  type RelayedReply,
  Replies,
} from '../../generated/group/index.js';
import { readMemberReply } from '../../group/rpc/read-reply.js';
import { encodeMetadata } from '../../marshalling/dynamic.js';
import { Reader } from '../../marshalling/reader.js';
import { Writer } from '../../marshalling/writer.js';
import type { Clock, Platform } from '../../platform/platform.js';
import type { AnyProcedure, CallOptions } from '../../schema/description.js';
import { CallError, type DeclaredError, type Outcome } from '../../schema/errors.js';
import type { GroupCaller, GroupCallOptions, GroupPolicy, Reply, ReplyPolicy } from '../../schema/group.js';
import { metadataOf } from '../../schema/inherited-metadata.js';
import type { Channel } from '../channel.js';
import { withParent } from '../inheritance.js';
import { GroupSession } from './session.js';

const ranks = ['unordered', 'fifo', 'causal', 'total'] as const;
/** A session is opened once for many calls, and not only for as long as the first of them has time. */
const openingTime = 10_000;

type AnyOptions = Pick<CallOptions, 'deadline' | 'signal' | 'metadata' | 'parent'> &
  Pick<GroupCallOptions, 'replies' | 'order' | 'safe'>;

/** @param channel to the members */
export function createOpenGroupCaller(group: string, channel: Channel, platform: Platform): GroupCaller {
  const members = channel.client(OpenGroup);
  let session: GroupSession | undefined;

  const current = (): GroupSession => {
    if (session === undefined || session.lost) {
      const opened = new GroupSession(group, members, platform.random, openingTime);
      session = opened;
      opened.epoch.catch(() => {
        if (session === opened) session = undefined;
      });
    }
    return session;
  };
  return {
    group: async <Arguments extends readonly unknown[], Result, Declared extends DeclaredError>(
      policy: GroupPolicy,
      values: Arguments,
      options: GroupCallOptions | undefined,
    ) => {
      const { procedure } = policy;
      checkOrder(policy, options?.order);
      const deadlineAt = platform.clock.now() + deadlineOf(procedure, options?.deadline);
      const part = partOf(procedure, values, options);
      for (;;) {
        const used = current();
        const epoch = await opened(used, procedure, deadlineAt, platform.clock);
        const remaining = () => deadlineAt - platform.clock.now();
        const replies = await attempt(
          group,
          members,
          used,
          epoch,
          procedure,
          part,
          { ...options },
          remaining,
        );
        // Without: no member knows the session, so none has executed the call.
        if (replies !== undefined) return replies as Reply<Result, Declared>[];
      }
    },
    groupOnce: async ({ procedure }, values, options) => {
      const part = partOf(procedure, values, options as AnyOptions | undefined);
      const nobody = { client: new Uint8Array(16), epoch: new Uint8Array(8), number: 1n, lowest: 1n };
      const deadline = deadlineOf(procedure, options?.deadline);
      await members.note(
        group,
        { ...nobody, ...part },
        sendOptions({ ...(options as AnyOptions), deadline }),
      );
    },
  };
}

type CallPart = Omit<RelayedCall, 'client' | 'epoch' | 'number' | 'lowest'>;

/** @returns undefined when the client has to begin anew, and nothing was executed */
async function attempt(
  group: string,
  members: OpenGroupClient,
  session: GroupSession,
  epoch: Uint8Array,
  procedure: AnyProcedure,
  part: CallPart,
  options: AnyOptions,
  remaining: () => number,
): Promise<Reply<unknown>[] | undefined> {
  const number = session.begin();
  const { client, lowest } = session;
  const call = { client, epoch, number: BigInt(number), lowest: BigInt(lowest), ...part };
  let relayed = false;
  try {
    for (;;) {
      try {
        const deadline = Math.max(1, remaining());
        const replies = await members.call(group, call, sendOptions({ ...options, deadline }));
        return replies.map(reply => readReply(reply, procedure));
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        const { code, outcome } = error;
        const isUnexecuted = (outcome === 'not-executed' || isForGood(error)) && !relayed;
        if (code === 'aborted') {
          session.lost = true;
          if (isUnexecuted || procedure.semantics !== 'at-most-once') return undefined;
        }
        // A member that had begun to relay left the group: another one finishes it.
        const isLeft = code === 'unavailable' && outcome === 'executed' && remaining() > 0;
        if (!isLeft) throw withOutcome(error, isUnexecuted ? 'not-executed' : 'unknown');
        relayed = true;
      }
    }
  } finally {
    session.end(number);
  }
}

/** What every member refuses at all times: it does not matter how many were asked. */
function isForGood({ code, outcome }: CallError): boolean {
  return outcome !== 'executed' && (code === 'permission-denied' || code === 'unimplemented');
}

/** That the member that relays executed something tells nothing of the group. */
function withOutcome(error: CallError, outcome: Outcome): CallError {
  if (error.outcome === outcome) return error;
  const { code, message, attempts, cause } = error;
  return new CallError(code, message, { outcome, attempts, cause });
}

/** The epoch, when the session is open. @throws CallError when it cannot be opened, or not in time */
function opened(
  { epoch }: GroupSession,
  procedure: AnyProcedure,
  deadlineAt: number,
  clock: Clock,
): Promise<Uint8Array> {
  const name = nameOf(procedure);
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(Math.max(0, deadlineAt - clock.now()), () => {
      const message = `no member took this client in before the deadline of ${name}`;
      reject(new CallError('unavailable', message, { outcome: 'not-executed' }));
    });
    epoch.then(resolve, (error: unknown) => reject(notOpened(error, name))).finally(() => timer.cancel());
  });
}

/** What goes wrong before the call was sent. */
function notOpened(error: unknown, name: string): CallError {
  const code = error instanceof CallError ? error.code : 'unavailable';
  const reason = error instanceof Error ? error.message : String(error);
  const message = `${name}: the group could not be reached: ${reason}`;
  return new CallError(code, message, { outcome: 'not-executed', cause: error });
}

function deadlineOf(procedure: AnyProcedure, given: number | undefined): number {
  const deadline = given ?? procedure.deadline;
  if (deadline > 0) return deadline;
  const message = `${nameOf(procedure)}: the deadline must be above 0 ms, not ${deadline}`;
  throw new CallError('invalid-argument', message, { outcome: 'not-executed' });
}

function partOf(
  procedure: AnyProcedure,
  values: readonly unknown[],
  options: AnyOptions | undefined,
): CallPart {
  const [high, low] = procedure.key;
  const whole = withParent(options as CallOptions | undefined);
  const metadata = whole === undefined ? undefined : metadataOf(whole);
  try {
    return {
      key: (BigInt(high) << 32n) | BigInt(low),
      arguments: marshalled(procedure, values),
      ...(metadata === undefined ? {} : { metadata: encodeMetadata(metadata) }),
      ...(options?.order === undefined ? {} : { order: CallOrder[options.order] }),
      ...repliesOf(options?.replies),
      ...(options?.safe === undefined ? {} : { safe: options.safe }),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CallError('invalid-argument', `${nameOf(procedure)}: ${reason}`, {
      outcome: 'not-executed',
      cause: error,
    });
  }
}

function marshalled(procedure: AnyProcedure, values: readonly unknown[]): Uint8Array {
  const writer = new Writer();
  writer.begin();
  procedure.writeArguments(writer, values);
  return writer.end();
}

function repliesOf(replies: ReplyPolicy | undefined): Pick<RelayedCall, 'replies' | 'count'> {
  if (replies === undefined) return { count: 0 };
  if (typeof replies === 'object') return { replies: Replies.counted, count: replies.n };
  return { replies: Replies[replies], count: 0 };
}

function checkOrder({ procedure, order }: GroupPolicy, given: GroupPolicy['order'] | undefined): void {
  if (given === undefined || ranks.indexOf(given) >= ranks.indexOf(order)) return;
  throw new CallError(
    'invalid-argument',
    `${nameOf(procedure)}: the order '${given}' promises less than '${order}', which the schema declares`,
    { outcome: 'not-executed' },
  );
}

function sendOptions({ deadline, signal, parent }: AnyOptions & { readonly deadline: number }) {
  return {
    deadline,
    ...(signal === undefined ? {} : { signal }),
    ...(parent === undefined ? {} : { parent }),
  };
}

function readReply({ member, end, body }: RelayedReply, procedure: AnyProcedure): Reply<unknown> {
  if (end === RelayedEnd.answered && body !== undefined) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return readMemberReply(new Reader().reset(bytes), member, procedure);
  }
  return { kind: end === RelayedEnd.suspected ? 'suspected' : 'timed-out', member };
}

const nameOf = (procedure: AnyProcedure): string => `${procedure.interface}.${procedure.name}`;
