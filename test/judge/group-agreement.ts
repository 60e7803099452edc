/** Judges agreement: who goes on together has delivered the same, in the same order; `safe` binds even the dead. */
import { currentStay, type GroupHistory, type SentMessage, type Stay } from './group-history.js';
import type { Complain } from './group-views.js';

const keys = (messages: Iterable<SentMessage>): string => [...messages].map(({ key }) => key).join(', ');

export class AgreementJudge {
  private readonly history: GroupHistory;
  private readonly complain: Complain;

  constructor(history: GroupHistory, complain: Complain) {
    this.history = history;
    this.complain = complain;
  }

  /** A member went into another view: it is held against the first that went the same way. */
  leaveView(stay: Stay): void {
    const together = this.history.goingTogether(stay.view.id, stay.next!.id);
    const [first] = together;
    if (first !== undefined && first !== stay)
      this.compare(first, stay, `, and both went to ${stay.next!.id}`);
    this.judgeUniformity(together);
  }

  /** When nothing is under way any more, those that are in one view have delivered the same in it. */
  verify(): void {
    for (const stays of this.history.stays.values()) {
      const ways = new Map<string, Stay[]>();
      for (const stay of stays) {
        const isHere = stay.next === undefined;
        if (isHere && !this.lives(stay.member)) continue;
        const way = stay.next?.id ?? '';
        const others = ways.get(way);
        if (others === undefined) ways.set(way, [stay]);
        else others.push(stay);
        if (isHere && others !== undefined) this.compare(others[0]!, stay, '');
      }
      for (const together of ways.values()) this.judgeUniformity(together);
    }
  }

  private lives(address: string): boolean {
    const { fate, leaving } = this.history.member(address);
    return fate === 'alive' && !leaving;
  }

  private compare(one: Stay, other: Stay, how: string): void {
    const where = `in ${one.view.id}${how}`;
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const missing = [...here.delivered].filter(message => !there.delivered.has(message));
      if (missing.length > 0)
        this.complain(`${here.member} delivered ${keys(missing)} and ${there.member} did not, ${where}`);
    }
    const at = one.total.findIndex((message, index) => message !== other.total[index]);
    if (at >= 0)
      this.complain(
        `${one.member} delivered ${keys(one.total.slice(at, at + 3))} in total order where ${other.member} ` +
          `delivered ${keys(other.total.slice(at, at + 3))}, ${where}`,
      );
  }

  /**
   * A member that died in the view, and delivered safe messages there, has delivered nothing that a majority which goes
   * on together has not, and nothing in another order.
   */
  private judgeUniformity(together: readonly Stay[]): void {
    const [reference] = together;
    if (reference === undefined || 2 * together.length <= reference.view.members.length) return;
    const safe = reference.total.filter(message => message.safe);
    for (const dead of this.history.stays.get(reference.view.id) ?? []) {
      const { fate } = this.history.member(dead.member);
      const isDead = (fate === 'crashed' || fate === 'failed') && dead.next === undefined;
      if (!isDead || currentStay(this.history.member(dead.member)) !== dead) continue;
      for (const message of dead.delivered) {
        if (message.safe && !reference.delivered.has(message) && reference.next !== undefined)
          this.complain(`${dead.member} died, and nobody else delivered the safe ${message.key}`);
      }
      const told = dead.total.filter(message => message.safe);
      const at = told.findIndex((message, index) => safe[index] !== undefined && message !== safe[index]);
      if (at >= 0)
        this.complain(
          `${dead.member} died having delivered ${told[at]!.key} where ${reference.member} delivered ${safe[at]!.key}`,
        );
    }
  }
}
