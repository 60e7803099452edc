/** Who answers those who look for a group, and when: one answer is enough, and many would be a storm. */
import type { LayerContext } from '../layer.js';
import type { MemberId } from '../member.js';

/** So many answers are given in a second, and so many at once after a quiet time: floods of questions cost no more. */
const ratePerSecond = 100;
const burst = 50;

/** From the second time on that it is asked, the members next to the coordinator answer, later the higher their rank. */
const deputies = 3;
const deputyDelay = 20;

/** From the third time on, about so many of the others answer, within so many milliseconds. */
const volunteers = 3;
const volunteerDelay = 100;

export interface Answers {
  /** When `tick` wants to be called. */
  readonly dueAt: number;
  /** A seeker asks, having asked `attempt` times before, a member of this rank in a view of so many. */
  ask(seeker: MemberId, attempt: number, rank: number, members: number): void;
  tick(now: number): void;
}

export function createAnswers(
  context: Pick<LayerContext, 'clock' | 'random' | 'count'>,
  give: (seeker: MemberId) => void,
): Answers {
  /** By seeker: when it is answered. */
  const waiting = new Map<MemberId, number>();
  let left = burst;
  let leftAt = context.clock.now();
  let dueAt = Number.POSITIVE_INFINITY;

  const giveNow = (seeker: MemberId, now: number): void => {
    left = Math.min(burst, left + ((now - leftAt) * ratePerSecond) / 1000);
    leftAt = now;
    if (left < 1) {
      context.count('flood');
      return;
    }
    left--;
    give(seeker);
  };

  /** After how many milliseconds a seeker is answered; undefined: not by this member. */
  const delayOf = (attempt: number, rank: number, members: number): number | undefined => {
    if (rank === 0) return 0;
    if (attempt >= 1 && rank <= deputies) return rank * deputyDelay;
    const isVolunteer = attempt >= 2 && context.random.next() * members < volunteers;
    return isVolunteer ? context.random.next() * volunteerDelay : undefined;
  };

  return {
    get dueAt() {
      return dueAt;
    },
    ask: (seeker, attempt, rank, members) => {
      if (waiting.has(seeker)) return;
      const delay = delayOf(attempt, rank, members);
      const now = context.clock.now();
      if (delay === 0) giveNow(seeker, now);
      else if (delay !== undefined) {
        if (waiting.size >= burst) {
          context.count('flood');
          return;
        }
        waiting.set(seeker, now + delay);
        dueAt = Math.min(dueAt, now + delay);
      }
    },
    tick: now => {
      if (now < dueAt) return;
      dueAt = Number.POSITIVE_INFINITY;
      for (const [seeker, at] of waiting) {
        if (at > now) dueAt = Math.min(dueAt, at);
        else {
          waiting.delete(seeker);
          giveNow(seeker, now);
        }
      }
    },
  };
}
