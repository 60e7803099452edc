/** Whom a member hears by reliable unicast: members of its view, and a bounded number of others. */
import type { LayerContext } from '../layer.js';
import type { MemberId } from '../member.js';
import type { Message } from '../message.js';
import { type AheadLimits, UnicastReceiver } from './unicast-receiver.js';

/** What members may have arriving before what precedes it. */
const memberLimits: AheadLimits = { bytes: 8 * 1024 * 1024, messages: 16_384 };
/** Others may hold little: anyone can claim to be somebody. */
const strangerLimits: AheadLimits = { bytes: 64 * 1024, messages: 256 };
const mostStrangers = 256;

/** Milliseconds without a message after which one that is in no view is forgotten: longer than it would go on sending. */
const memory = 120_000;

export class UnicastReceivers extends Map<MemberId, UnicastReceiver> {
  private readonly context: LayerContext;
  private members: ReadonlySet<MemberId> = new Set();
  private strangers = 0;

  constructor(context: LayerContext) {
    super();
    this.context = context;
  }

  /**
   * @param out gets what can be delivered now
   * @returns whose connection it is; undefined where nothing is to be acknowledged
   */
  take(message: Message, now: number, out: Message[]): UnicastReceiver | undefined {
    const { sender, target, connection } = message;
    if (target !== this.context.self.id) {
      this.context.count('not-a-member');
      return undefined;
    }
    let receiver = this.get(sender);
    if (receiver === undefined || receiver.connection < connection) {
      receiver = this.admit(sender, connection, receiver);
    } else if (receiver.connection > connection) {
      this.context.count('duplicate');
      return undefined;
    }
    if (receiver === undefined) return undefined;
    const limits = this.members.has(sender) ? memberLimits : strangerLimits;
    const dropped = receiver.take(message, now, limits, out);
    if (dropped !== undefined) this.context.count(dropped);
    return receiver;
  }

  setMembers(members: ReadonlySet<MemberId>): void {
    this.members = members;
    this.strangers = 0;
    for (const id of this.keys()) if (!members.has(id)) this.strangers++;
  }

  /** Forgets those that are in no view and say nothing. */
  sweep(now: number): void {
    for (const [id, receiver] of this) {
      if (this.members.has(id) || now - receiver.heardAt <= memory) continue;
      this.delete(id);
      this.dropAhead(receiver);
      this.strangers--;
    }
  }

  /** Forgets all. */
  end(): void {
    for (const receiver of this.values()) this.dropAhead(receiver);
    this.clear();
  }

  private admit(
    id: MemberId,
    connection: number,
    earlier: UnicastReceiver | undefined,
  ): UnicastReceiver | undefined {
    if (earlier !== undefined) this.dropAhead(earlier);
    else if (!this.members.has(id)) {
      if (this.strangers >= mostStrangers) {
        this.context.count('flood');
        return undefined;
      }
      this.strangers++;
    }
    const receiver = new UnicastReceiver(connection, Math.floor(this.context.random.next() * 2 ** 32));
    this.set(id, receiver);
    return receiver;
  }

  private dropAhead({ waiting }: UnicastReceiver): void {
    for (let left = waiting; left > 0; left--) this.context.count('incomplete');
  }
}
