/** The replies of one call: which are there, which are still owed, and when there are enough of them. */
import type { DeclaredError } from '../../schema/errors.js';
import type { Reply, ReplyPolicy } from '../../schema/group.js';
import type { Member, MemberAddress, MemberId } from '../member.js';

/** A reply whose types do not matter to who collects it. */
export type AnyReply = Reply<unknown, DeclaredError> | RawReply;

/** A reply as it came, for who hands it on: what follows the number of a reply's frame. */
export interface RawReply {
  readonly kind: 'raw';
  readonly member: MemberAddress;
  readonly body: Buffer;
}

interface Answer {
  readonly from: MemberId;
  readonly reply: AnyReply;
  readonly good: boolean;
}

/** How many answers end the call, in a view of so many members. */
export function neededOf(policy: ReplyPolicy, members: number): number {
  if (policy === 'first') return 1;
  if (policy === 'majority') return Math.floor(members / 2) + 1;
  if (policy === 'none') return 0;
  return policy === 'all' ? Number.POSITIVE_INFINITY : policy.n;
}

export class ReplyCollection {
  private readonly policy: ReplyPolicy;
  /** Who owes a reply: those who were in the view in which the call was delivered. Not known before it was. */
  private asked: readonly Member[] | undefined;
  /** In the order in which they came. */
  private answers: Answer[] = [];
  private good = 0;

  constructor(policy: ReplyPolicy) {
    this.policy = policy;
  }

  /** The call was delivered in a view of these members. Replies may have come before: some deliver earlier. */
  ask(members: readonly Member[]): void {
    this.asked = members;
    const owed = this.answers.filter(({ from }) => members.some(({ id }) => id === from));
    this.answers = [];
    this.good = 0;
    for (const answer of owed) this.keep(answer);
  }

  /**
   * Takes a reply, unless its sender owes none.
   *
   * @param good whether it is what the procedure declares to come of it: its result, or one of its errors
   */
  add(from: MemberId, reply: AnyReply, good: boolean): void {
    if (this.has(from)) return;
    if (this.asked !== undefined && !this.asked.some(({ id }) => id === from)) return;
    this.keep({ from, reply, good });
  }

  /** Whoever is none of these does not reply any more. */
  retain(members: readonly Member[]): void {
    for (const { id, address } of this.asked ?? []) {
      if (this.has(id) || members.some(member => member.id === id)) continue;
      this.keep({ from: id, reply: { kind: 'suspected', member: address }, good: false });
    }
  }

  /** False: nobody replies, and the call ends when it was delivered. */
  get waits(): boolean {
    return this.policy !== 'none';
  }

  /** Whether the call has ended: enough have answered, or nobody is left who could. */
  get complete(): boolean {
    const { asked, good } = this;
    if (asked !== undefined) {
      return this.answers.length === asked.length || good >= neededOf(this.policy, asked.length);
    }
    return this.policy !== 'majority' && this.policy !== 'none' && good >= neededOf(this.policy, 0);
  }

  /**
   * As many answers as were wanted, in the order in which they came; where there are fewer, all that became of the call,
   * and what failed last.
   *
   * @param view who is asked, where the call was not delivered yet
   */
  result(view: readonly Member[]): AnyReply[] {
    const asked = this.asked ?? view;
    const needed = neededOf(this.policy, asked.length);
    const { length } = this.answers;
    // As a rule all are good, and as many as were wanted.
    if (this.good === length && (length === needed || length === this.asked?.length)) {
      return this.answers.map(({ reply }) => reply);
    }
    if (this.good >= needed) {
      const good = this.answers.filter(answer => answer.good);
      return good.slice(0, needed).map(({ reply }) => reply);
    }
    const replies = this.answers.map(({ reply }) => reply);
    const late = asked.filter(({ id }) => !this.has(id));
    return [
      ...replies.filter(({ kind }) => kind !== 'suspected'),
      ...replies.filter(({ kind }) => kind === 'suspected'),
      ...late.map(({ address }): AnyReply => ({ kind: 'timed-out', member: address })),
    ];
  }

  private keep(answer: Answer): void {
    this.answers.push(answer);
    if (answer.good) this.good++;
  }

  private has(id: MemberId): boolean {
    for (const { from } of this.answers) if (from === id) return true;
    return false;
  }
}
