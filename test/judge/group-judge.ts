/**
 * The judge of groups: members tell it of everything that happens to them, and it says which invariant is broken, after
 * each event as far as that shows at once, the rest by `verify`.
 */
import type { DeliveryOrder } from '../../runtime/src/schema/group.js';
import { AgreementJudge } from './group-agreement.js';
import { CallJudge } from './group-calls.js';
import { DeliveryJudge } from './group-deliveries.js';
import { currentStay, GroupHistory, type ToldView } from './group-history.js';
import { readPayload, writePayload } from './group-payload.js';
import { type Truth, ViewJudge } from './group-views.js';

export type { ToldView, Truth };

/** How much the judge remembers of the last events, to be read beside a complaint. */
const remembered = Number(process.env.GROUP_NOTES ?? 400);

export class GroupJudge {
  /** What was found, in the order of finding. */
  readonly violations: string[] = [];
  /** Called with each violation as it is found. */
  onViolation: (what: string) => void = () => {};
  readonly history = new GroupHistory();
  readonly calls: CallJudge;
  private readonly views: ViewJudge;
  private readonly deliveries: DeliveryJudge;
  private readonly agreement: AgreementJudge;
  private readonly complain: (what: string) => void;
  private readonly now: () => number;
  private readonly log: (readonly [at: number, ...words: unknown[]])[] = [];

  constructor(truth: Truth, now: () => number = () => 0) {
    this.now = now;
    const complain = (what: string): void => {
      // Some are found again by `verify`.
      if (this.violations.includes(what)) return;
      this.violations.push(what);
      this.onViolation(what);
    };
    this.complain = complain;
    this.views = new ViewJudge(this.history, truth, complain);
    this.deliveries = new DeliveryJudge(this.history, complain);
    this.agreement = new AgreementJudge(this.history, complain);
    this.calls = new CallJudge(this.history, now, complain);
  }

  /** The last events, the latest at the end. */
  get recent(): string {
    return this.log.map(([at, ...words]) => `${at.toFixed(1)} ${words.join(' ')}`).join('\n');
  }

  /** A line of the judge's notes; it is put together when it is read. */
  note(...words: unknown[]): void {
    this.log.push([this.now(), ...words]);
    if (this.log.length > 2 * remembered) this.log.splice(0, remembered);
  }

  view(member: string, view: ToldView): void {
    this.note(member, 'view', view.id, view.members);
    const before = currentStay(this.history.member(member));
    this.views.install(member, view);
    if (before === undefined) return;
    this.deliveries.leaveView(before);
    this.agreement.leaveView(before);
  }

  suspect(member: string, whom: string): void {
    this.note(member, 'suspects', whom);
    this.views.suspect(member, whom);
  }

  unsuspect(member: string, whom: string): void {
    this.note(member, 'trusts', whom);
    this.views.unsuspect(member, whom);
  }

  /** A member was asked to leave, or to end the group. */
  leaving(member: string): void {
    this.note(member, 'is to leave');
    this.history.member(member).leaving = true;
  }

  end(member: string, reason: 'left' | 'destroyed' | 'failed'): void {
    this.note(member, 'ends:', reason);
    this.views.end(member, reason);
  }

  /** A member's process ended without a word. */
  crash(member: string): void {
    this.note(member, 'crashes');
    const judged = this.history.member(member);
    if (judged.fate === 'alive') judged.fate = 'crashed';
  }

  /** Has a member multicast a payload by `send`, which may throw: then nothing was sent. */
  send(
    member: string,
    {
      order,
      safe,
      length,
    }: { readonly order: DeliveryOrder; readonly safe: boolean; readonly length: number },
    send: (bytes: Uint8Array) => void,
  ): void {
    const number = this.history.member(member).sent.length + 1;
    const payload = { sender: member, number, order, safe, target: '' };
    const bytes = writePayload(payload, length);
    const undo = this.deliveries.send(payload, bytes);
    this.note(member, 'sends', number, order, safe ? 'safe' : '');
    try {
      send(bytes);
    } catch (error) {
      undo();
      throw error;
    }
  }

  deliver(member: string, from: string, bytes: Uint8Array): void {
    this.note(member, 'delivers', from, readPayload(bytes)?.number);
    this.deliveries.deliver(member, from, bytes);
  }

  /** A joiner, in its first view, was given a state that contains these messages (`ADDRESS#NUMBER`), in this order. */
  contain(member: string, keys: readonly string[]): void {
    this.note(member, 'is given a state that contains', keys.length);
    this.deliveries.contain(member, keys);
  }

  /** How many messages a member still keeps for others when all is quiet. */
  drained(member: string, buffered: number): void {
    if (buffered === 0) return;
    this.complain(`${member} still keeps ${buffered} messages when all is quiet`);
  }

  /** When nothing is under way any more. */
  verify(): void {
    this.views.verify();
    this.deliveries.verify();
    this.agreement.verify();
    this.calls.verify();
  }
}
