/** A call of this member that has not ended. */
import type { AnyProcedure } from '../../schema/description.js';
import type { ReplyPolicy } from '../../schema/group.js';
import type { Member } from '../member.js';
import type { SendOptions } from '../port.js';
import { type AnyReply, ReplyCollection } from './reply-collection.js';

export interface PendingCallOptions {
  readonly number: number;
  /** For errors: `bank.v1.Bank.withdraw`. */
  readonly name: string;
  /** How replies are read; undefined: they are bytes. */
  readonly procedure: AnyProcedure | undefined;
  readonly deadlineAt: number;
  readonly replies: ReplyPolicy;
  /** As `writeCall` gives it. */
  readonly frame: Buffer;
  readonly send: SendOptions;
  /** Some members instead of all. */
  readonly to?: readonly Member[] | undefined;
  resolve(replies: AnyReply[]): void;
  reject(error: Error): void;
}

/** A class so that all have one shape, and no closures of their own. */
export class PendingCall {
  readonly number: number;
  readonly name: string;
  readonly procedure: AnyProcedure | undefined;
  readonly deadlineAt: number;
  readonly frame: Buffer;
  readonly send: SendOptions;
  readonly to: readonly Member[] | undefined;
  readonly collection: ReplyCollection;
  readonly resolve: (replies: AnyReply[]) => void;
  readonly reject: (error: Error) => void;
  /** Whether the stack has it. */
  handedOver = false;
  /** Forgets about the signals that may cancel it. */
  unlisten: (() => void) | undefined;

  constructor(options: PendingCallOptions) {
    this.number = options.number;
    this.name = options.name;
    this.procedure = options.procedure;
    this.deadlineAt = options.deadlineAt;
    this.frame = options.frame;
    this.send = options.send;
    this.to = options.to;
    this.collection = new ReplyCollection(options.replies);
    this.resolve = options.resolve;
    this.reject = options.reject;
  }
}
