/** A call of this member that has not ended. */
import type { AnyProcedure } from '../../schema/description.js';
import type { ReplyPolicy } from '../../schema/group.js';
import type { Member } from '../member.js';
import type { SendOptions } from '../port.js';
import { type AnyReply, ReplyCollection } from './reply-collection.js';

/** What the plan of a call says of it. */
interface Plan {
  readonly number: number;
  readonly deadlineAt: number;
  readonly policy: ReplyPolicy;
  readonly send: SendOptions;
}

/** A class so that all have one shape, and no closures of their own. */
export class PendingCall {
  readonly number: number;
  readonly deadlineAt: number;
  readonly send: SendOptions;
  readonly collection: ReplyCollection;
  /** A procedure, or a text that names what is called; then results are bytes. */
  readonly called: AnyProcedure | string;
  /** Whether replies are collected as they come, for who hands them on. */
  readonly raw: boolean;
  /** As `writeCall` gives it. */
  readonly frame: Buffer;
  /** Some members instead of all. */
  readonly to: readonly Member[] | undefined;
  readonly resolve: (replies: AnyReply[]) => void;
  readonly reject: (error: Error) => void;
  /** Whether the stack has it. */
  handedOver = false;
  /** Forgets about the signals that may cancel it. */
  unlisten: (() => void) | undefined = undefined;

  constructor(
    plan: Plan,
    called: AnyProcedure | string,
    frame: Buffer,
    to: readonly Member[] | undefined,
    resolve: (replies: AnyReply[]) => void,
    reject: (error: Error) => void,
    raw = false,
  ) {
    this.number = plan.number;
    this.deadlineAt = plan.deadlineAt;
    this.send = plan.send;
    this.collection = new ReplyCollection(plan.policy);
    this.called = called;
    this.frame = frame;
    this.to = to;
    this.resolve = resolve;
    this.reject = reject;
    this.raw = raw;
  }

  /** For errors. */
  get name(): string {
    return calledName(this.called);
  }
}

/** `bank.v1.Bank.withdraw`. */
export function calledName(called: AnyProcedure | string): string {
  return typeof called === 'string' ? called : `${called.interface}.${called.name}`;
}
