/** Judges calls to a group: each ends, and says of each member what became of it. */
import type { Reply } from '../../runtime/src/schema/group.js';
import { currentStay, type GroupHistory } from './group-history.js';
import type { Complain } from './group-views.js';

export interface CallPlan {
  /** Names the call: no other has the same. */
  readonly key: string;
  /** The address of the member that calls. */
  readonly caller: string;
  /** How many replies it waits for; `all` is the size of the view. */
  readonly replies: number | 'all';
  /** When it ends at the latest, in virtual time. */
  readonly until: number;
  /** It may execute more than once at a member. */
  readonly repeatable?: boolean;
}

interface JudgedCall extends CallPlan {
  /** Which of the caller's stays it was in when it called. */
  readonly began: number;
  /** By member. */
  readonly executions: Map<string, number>;
  ended: boolean;
}

export class CallJudge {
  private readonly calls = new Map<string, JudgedCall>();
  private readonly history: GroupHistory;
  private readonly complain: Complain;
  private readonly now: () => number;

  constructor(history: GroupHistory, now: () => number, complain: Complain) {
    this.history = history;
    this.now = now;
    this.complain = complain;
  }

  begin(plan: CallPlan): void {
    const began = this.history.member(plan.caller).stays.length - 1;
    this.calls.set(plan.key, { ...plan, began, executions: new Map(), ended: false });
  }

  execute(key: string, member: string): void {
    const call = this.calls.get(key);
    if (call === undefined) {
      this.complain(`${member} executes ${key}, which nobody called`);
      return;
    }
    const before = call.executions.get(member) ?? 0;
    if (before > 0 && !call.repeatable) this.complain(`${member} executes ${key} again`);
    call.executions.set(member, before + 1);
  }

  /** The call ended well; one that threw is only noted, by `fail`. */
  end(key: string, replies: readonly Reply<unknown>[]): void {
    const call = this.calls.get(key)!;
    call.ended = true;
    const members = replies.map(({ member }) => member);
    if (new Set(members).size !== members.length)
      this.complain(`${key} ends with two replies of a member: ${members}`);
    const caller = this.history.member(call.caller);
    const views = caller.stays.slice(Math.max(0, call.began)).map(({ view }) => view.members);
    for (const { kind, member } of replies) {
      if (!views.some(view => view.includes(member)))
        this.complain(`${key} has a reply of ${member}, which was in no view of its caller`);
      if (kind === 'value' && !call.executions.has(member))
        this.complain(`${key} has a value of ${member}, which did not execute it`);
      if (kind === 'suspected' && currentStay(caller)!.view.members.includes(member))
        this.complain(`${key} takes ${member} for suspected, and it is in the view`);
      if (kind === 'timed-out' && this.now() < call.until - 1)
        this.complain(`${key} takes ${member} for timed out before its deadline`);
    }
    if (this.now() > call.until + 100) this.complain(`${key} ends after its deadline`);
    if (call.replies !== 'all') return;
    const isWhole = (view: readonly string[]) =>
      view.length === members.length && view.every(each => members.includes(each));
    if (!views.some(isWhole)) this.complain(`${key} ends with the replies of ${members}, which are no view`);
  }

  fail(key: string): void {
    this.calls.get(key)!.ended = true;
  }

  /** When nothing is under way any more: each call of a living member has ended. */
  verify(): void {
    for (const { key, caller, ended } of this.calls.values()) {
      if (!ended && this.history.member(caller).fate === 'alive') this.complain(`${key} never ended`);
    }
  }
}
