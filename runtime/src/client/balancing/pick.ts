/** The choice of a server for a call. */
import type { Random } from '../../platform/platform.js';

/** How the servers of a channel share its calls. */
export type Balance = 'pick-first' | 'round-robin' | 'least-loaded';

/** What a choice depends on. */
export interface Candidate {
  /** Above 0. */
  readonly weight: number;
  /** Calls that have no answer yet. */
  readonly inFlight: number;
}

/** Chooses one of the candidates, of which there is at least one; they are in order of preference. */
export type Picker<Server extends Candidate> = (candidates: readonly Server[]) => Server;

/** Makes the picker of a channel. */
export const pickers: Readonly<
  Record<Balance, <Server extends Candidate>(random: Random) => Picker<Server>>
> = {
  'pick-first': () => candidates => candidates[0]!,
  'round-robin': () => createRoundRobin(),
  'least-loaded': random => candidates => leastLoaded(candidates, random),
};

/**
 * Each in turn; one of twice the weight twice as often, and not twice in a row: the smooth weighted round-robin of nginx.
 */
export function createRoundRobin<Server extends Candidate>(): Picker<Server> {
  /** How much each has to come up for. */
  const credits = new WeakMap<Server, number>();
  return candidates => {
    let total = 0;
    let best = candidates[0]!;
    let most = Number.NEGATIVE_INFINITY;
    for (const each of candidates) {
      const credit = (credits.get(each) ?? 0) + each.weight;
      credits.set(each, credit);
      total += each.weight;
      if (credit > most) {
        most = credit;
        best = each;
      }
    }
    credits.set(best, most - total);
    return best;
  };
}

/**
 * The less loaded one of two that were drawn: nearly as even as to compare all of them, and without the herd that all clients
 * together make when they see the same least loaded server (Mitzenmacher, *The Power of Two Choices in Randomized Load
 * Balancing*, 2001).
 */
export function leastLoaded<Server extends Candidate>(candidates: readonly Server[], random: Random): Server {
  const { length } = candidates;
  if (length === 1) return candidates[0]!;
  const first = Math.floor(random.next() * length);
  const second = (first + 1 + Math.floor(random.next() * (length - 1))) % length;
  const [one, other] = [candidates[first]!, candidates[second]!];
  return load(other) < load(one) ? other : one;
}

/** With the call that is to be made. */
function load({ inFlight, weight }: Candidate): number {
  return (inFlight + 1) / weight;
}

/**
 * A random key by whose ascending order a server of a greater weight is likelier to stand before another: the order of RFC
 * 2782 (Efraimidis and Spirakis, *Weighted random sampling with a reservoir*, 2006).
 */
export function weightedRank(weight: number, random: Random): number {
  return -Math.log(1 - random.next()) / weight;
}
