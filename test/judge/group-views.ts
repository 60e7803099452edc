/** Judges views and suspicions. */
import {
  compareIds,
  createStay,
  currentStay,
  type GroupHistory,
  type JudgedMember,
  type ToldView,
} from './group-history.js';

/** What judges say. */
export type Complain = (what: string) => void;

/** What is known of the world that members cannot know. */
export interface Truth {
  /** Whether a member was dead, out of reach or frozen, or is just back from it, so that others may exclude it. */
  excused(member: string): boolean;
}

export class ViewJudge {
  private readonly history: GroupHistory;
  private readonly truth: Truth;
  private readonly complain: Complain;

  constructor(history: GroupHistory, truth: Truth, complain: Complain) {
    this.history = history;
    this.truth = truth;
    this.complain = complain;
  }

  /** A member tells of its next view. */
  install(address: string, view: ToldView): void {
    const member = this.history.member(address);
    const stay = currentStay(member);
    if (member.fate !== 'alive') this.complain(`${address} tells of view ${view.id}, and has ended`);
    if (!view.members.includes(address)) this.complain(`${address} is not in its view ${view.id}`);
    if (new Set(view.members).size !== view.members.length)
      this.complain(`view ${view.id} of ${address} has a member twice: ${view.members.join(', ')}`);
    const known = this.history.views.get(view.id);
    if (known === undefined) this.history.views.set(view.id, view);
    else if (known.members.join() !== view.members.join())
      this.complain(`view ${view.id} has the members ${known.members.join()} and ${view.members.join()}`);
    if (stay !== undefined) {
      if (compareIds(view.id, stay.view.id) <= 0)
        this.complain(`${address} goes from view ${stay.view.id} back to ${view.id}`);
      this.judgeExclusions(member, stay.view, view);
      stay.next = view;
    }
    // Who is watched anew in another view may be suspected anew.
    for (const each of member.suspected) if (view.members.includes(each)) member.suspectedBefore.add(each);
    member.suspected.clear();
    const next = createStay(address, view);
    member.stays.push(next);
    const stays = this.history.stays.get(view.id);
    if (stays === undefined) this.history.stays.set(view.id, [next]);
    else stays.push(next);
  }

  suspect(address: string, whom: string): void {
    const member = this.history.member(address);
    if (!currentStay(member)?.view.members.includes(whom))
      this.complain(`${address} suspects ${whom}, which is not in its view`);
    if (member.suspected.has(whom)) this.complain(`${address} suspects ${whom} twice`);
    member.suspected.add(whom);
  }

  unsuspect(address: string, whom: string): void {
    const { suspected, suspectedBefore } = this.history.member(address);
    if (!suspected.delete(whom) && !suspectedBefore.delete(whom))
      this.complain(`${address} trusts ${whom} again, which it did not suspect`);
  }

  /** A member tells of its own end. */
  end(address: string, reason: 'left' | 'destroyed' | 'failed'): void {
    const member = this.history.member(address);
    if (member.fate !== 'alive') this.complain(`${address} ends twice: ${member.fate}, then ${reason}`);
    if (reason === 'left' && !member.leaving) this.complain(`${address} has left, and was not asked to`);
    if (reason === 'failed' && !this.truth.excused(address))
      this.complain(`${address} was excluded, alive and within reach`);
    member.fate = reason;
  }

  /** When all has settled: who is suspected is out of the view or trusted again. */
  verify(): void {
    for (const { fate, address, suspected } of this.history.members.values()) {
      if (fate === 'alive' && suspected.size > 0)
        this.complain(`${address} still suspects ${[...suspected].join(', ')}, and has it in its view`);
    }
  }

  private judgeExclusions(by: JudgedMember, from: ToldView, to: ToldView): void {
    for (const each of from.members) {
      if (to.members.includes(each) || each === by.address) continue;
      const excluded = this.history.member(each);
      if (excluded.fate !== 'alive' || excluded.leaving) continue;
      // It went on without us first, and is judged for that.
      const stay = currentStay(excluded);
      if (stay !== undefined && !stay.view.members.includes(by.address)) continue;
      // It was admitted in two views at a time, and is in the other one.
      const isElsewhere = stay !== undefined && stay.view.id !== from.id;
      if (isElsewhere && this.history.goingTogether(stay.view.id, from.id).length === 0) continue;
      if (this.truth.excused(each)) continue;
      this.complain(`${each}, alive and within reach, is not in view ${to.id} after ${from.id}`);
    }
  }
}
