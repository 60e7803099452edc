/** The calls of this member that have not ended: sent, collected, timed out. One timer serves them all. */
import type { Clock, Timer } from '../../platform/platform.js';
import { CallTable } from '../../request-reply/call-table.js';
import { createCancellation } from '../../request-reply/cancellation.js';
import { CallError, type CallErrorCode } from '../../schema/errors.js';
import type { Member, MemberId } from '../member.js';
import { Kind } from '../message.js';
import type { GroupPort } from '../port.js';
import { patchRemaining } from './frames.js';
import type { PendingCall } from './pending-call.js';
import type { AnyReply } from './reply-collection.js';

const lastNumber = 0xffff_ffff;
/** Calls that wait for room; those beyond are refused. */
const longestQueue = 10_000;

export class PendingCalls {
  private readonly port: GroupPort;
  private readonly clock: Clock;
  private readonly calls = new CallTable<PendingCall>();
  /** Those that wait until there is room in the stack, in the order in which they were made. */
  private readonly waiting = new Set<PendingCall>();
  private readonly cancellation = createCancellation((number, reason) => this.cancel(number, reason));
  private number = 0;
  private timer: Timer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;

  constructor(port: GroupPort) {
    this.port = port;
    this.clock = port.clock;
  }

  takeNumber(): number {
    do this.number = this.number === lastNumber ? 1 : this.number + 1;
    while (this.calls.get(this.number) !== undefined);
    return this.number;
  }

  get(number: number): PendingCall | undefined {
    return this.calls.get(number);
  }

  /**
   * Sends a call, now or when there is room.
   *
   * @throws CallError when it cannot be
   */
  begin(call: PendingCall, signals: readonly AbortSignal[]): void {
    const aborted = signals.find(signal => signal.aborted);
    if (aborted !== undefined) throw notExecuted('cancelled', 'the call was cancelled', aborted.reason);
    if (this.waiting.size >= longestQueue) {
      throw notExecuted('resource-exhausted', `${longestQueue} calls wait for room in the group already`);
    }
    this.calls.add(call);
    if (signals.length > 0) {
      const forget = signals.map(signal => this.cancellation.watch(signal, call.number));
      call.unlisten = () => {
        for (const each of forget) each();
      };
    }
    this.schedule(call.deadlineAt);
    // What a handler waits for must not wait for what the handler holds back.
    if (!call.send.nested && (this.waiting.size > 0 || !this.port.writable)) this.waiting.add(call);
    else this.handOver(call);
  }

  /** A call of this member was delivered: those who are in the view now owe replies. */
  delivered(number: number): void {
    const call = this.calls.get(number);
    if (call === undefined || call.to !== undefined) return;
    call.collection.ask(this.members);
    this.endIfComplete(call);
  }

  reply(call: PendingCall, from: MemberId, reply: AnyReply, good: boolean): void {
    call.collection.add(from, reply, good);
    this.endIfComplete(call);
  }

  /** A new view: who is not in it does not reply. */
  retain(members: readonly Member[]): void {
    for (const call of this.all()) {
      call.collection.retain(members);
      this.endIfComplete(call);
    }
    this.sendWaiting();
  }

  sendWaiting(): void {
    for (const call of this.waiting) {
      if (!this.port.writable) return;
      this.waiting.delete(call);
      patchRemaining(call.frame, Math.max(0, call.deadlineAt - this.clock.now()));
      this.handOver(call);
    }
  }

  /** This member is no member any more. */
  end(): void {
    for (const call of this.all()) {
      this.fail(call, 'unavailable', 'this member has left the group or was excluded from it');
    }
    this.timer?.cancel();
  }

  /** Those of now: whoever is told of an end may begin another. */
  private all(): PendingCall[] {
    const calls: PendingCall[] = [];
    this.calls.each(call => calls.push(call));
    return calls;
  }

  private get members(): readonly Member[] {
    return this.port.view?.members ?? [];
  }

  private handOver(call: PendingCall): void {
    call.handedOver = true;
    const { port } = this;
    try {
      if (call.to === undefined) port.multicast(Kind.call, call.frame, call.send);
      else this.sendTo(call, call.to);
    } catch (error) {
      this.forget(call);
      call.reject(notSent(port, call.name, error));
      return;
    }
    this.endIfComplete(call);
  }

  private sendTo({ frame, collection }: PendingCall, to: readonly Member[]): void {
    const { members } = this;
    collection.ask(to);
    collection.retain(members);
    for (const { id } of to) {
      if (members.some(member => member.id === id)) this.port.unicast(Kind.call, id, frame);
    }
  }

  private cancel(number: number, reason: unknown): void {
    const call = this.calls.get(number);
    if (call !== undefined) this.fail(call, 'cancelled', `${call.name} was cancelled`, reason);
  }

  private endIfComplete(call: PendingCall): void {
    if (call.collection.complete && this.calls.get(call.number) === call) this.finish(call);
  }

  private finish(call: PendingCall): void {
    this.forget(call);
    call.resolve(call.collection.result(this.members));
  }

  private fail(call: PendingCall, code: CallErrorCode, message: string, cause?: unknown): void {
    this.forget(call);
    const outcome = call.handedOver ? 'unknown' : 'not-executed';
    const attempts = call.handedOver ? 1 : 0;
    call.reject(
      new CallError(code, message, { outcome, attempts, ...(cause === undefined ? {} : { cause }) }),
    );
  }

  private forget(call: PendingCall): void {
    this.calls.delete(call.number);
    if (this.waiting.size > 0) this.waiting.delete(call);
    call.unlisten?.();
  }

  /** A timer that is set for a call that has ended meanwhile fires, finds the next one, and is set again. */
  private schedule(at: number): void {
    if (at >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = this.clock.setTimer(Math.max(0, at - this.clock.now()), this.sweep);
    this.timer.unref();
  }

  private readonly sweep = (): void => {
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    const now = this.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.all()) {
      if (call.deadlineAt <= now) this.expire(call);
      else if (call.deadlineAt < next) next = call.deadlineAt;
    }
    // Not more often than that: each time all calls are looked at.
    if (next < Number.POSITIVE_INFINITY) this.schedule(Math.max(next, now + 1));
  };

  private expire(call: PendingCall): void {
    const { name, collection } = call;
    if (!call.handedOver) {
      this.fail(call, 'deadline-exceeded', `there was no room in the group for ${name} before the deadline`);
    } else if (collection.waits) {
      this.finish(call);
    } else {
      this.fail(call, 'deadline-exceeded', `${name} was not delivered before the deadline`);
    }
  }
}

/** Nothing of the call has left this process. */
export function notExecuted(code: CallErrorCode, message: string, cause?: unknown): CallError {
  return new CallError(code, message, { outcome: 'not-executed', ...(cause === undefined ? {} : { cause }) });
}

/** Why a stack did not take a call. */
export function notSent({ open }: GroupPort, name: string, error: unknown): CallError {
  if (!open)
    return notExecuted('unavailable', 'this member has left the group or was excluded from it', error);
  const reason = error instanceof Error ? error.message : String(error);
  return notExecuted('resource-exhausted', `${name} could not be sent: ${reason}`, error);
}
