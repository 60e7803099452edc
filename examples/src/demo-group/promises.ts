/** What virtual synchrony promises, held against the trace of a run. */
import type { Stay, Trace } from './trace.js';

export interface Verdict {
  readonly promise: string;
  /** What was seen against it; undefined: it was kept. */
  readonly broken: string | undefined;
}

export interface Evidence {
  readonly trace: Trace;
  /** All that ever took part. */
  readonly everybody: readonly string[];
  /** The journals of those that are left. */
  readonly journals: ReadonlyMap<string, readonly string[]>;
  /** Who was killed. */
  readonly killed: string;
  /** Milliseconds from the kill to the last survivor's new view. */
  readonly recovery: number;
  /** How many they may be. */
  readonly within: number;
}

type Test = (evidence: Evidence) => string | undefined;

const tests: readonly (readonly [string, Test])[] = [
  ['all that were in a view agree on its members', sameMembers],
  ['all that went on together from one view to the next had seen the same lines', agreement],
  ['and those in total order in the same order', sameOrder],
  ['no line was delivered twice in a view', once],
  ['all journals are the same, line by line', oneJournal],
  ['every line of everyone who is left is in the journal', complete],
  ['the lines of the killed process are in it up to one of them, without a gap', noGap],
  ['the new view came soon after kill -9', fast],
];

export function judge(evidence: Evidence): Verdict[] {
  return tests.map(([promise, test]) => ({ promise, broken: test(evidence) }));
}

function allStays({ trace, everybody }: Evidence): (readonly [member: string, stays: Stay[]])[] {
  return everybody.map(member => [member, trace.staysOf(member)] as const);
}

function sameMembers(evidence: Evidence): string | undefined {
  const seen = new Map<string, string>();
  for (const [member, stays] of allStays(evidence)) {
    for (const { id, members } of stays) {
      const list = members.join();
      if ((seen.get(id) ?? list) !== list) return `${member} has other members in view ${id}`;
      seen.set(id, list);
    }
  }
  return undefined;
}

function agreement(evidence: Evidence): string | undefined {
  return compareSteps(evidence, ({ delivered }) => [...delivered].sort());
}

function sameOrder(evidence: Evidence): string | undefined {
  return compareSteps(evidence, ({ ordered }) => ordered);
}

/** Compares what those saw of a view who went from it to the same next one. */
function compareSteps(evidence: Evidence, linesOf: (stay: Stay) => readonly string[]): string | undefined {
  const seen = new Map<string, readonly [member: string, lines: string]>();
  for (const [member, stays] of allStays(evidence)) {
    for (const [index, stay] of stays.entries()) {
      const next = stays[index + 1];
      if (next === undefined) continue;
      const step = `${stay.id} to ${next.id}`;
      const lines = linesOf(stay).join();
      const [other, others] = seen.get(step) ?? [member, lines];
      if (lines !== others) return `${member} and ${other} differ on their way from view ${step}`;
      seen.set(step, [member, lines]);
    }
  }
  return undefined;
}

function once(evidence: Evidence): string | undefined {
  for (const [member, stays] of allStays(evidence)) {
    for (const { id, delivered } of stays) {
      if (new Set(delivered).size < delivered.length) return `${member} saw a line twice in view ${id}`;
    }
  }
  return undefined;
}

function oneJournal({ journals }: Evidence): string | undefined {
  const [[first, wanted], ...others] = [...journals] as [[string, string[]], ...[string, string[]][]];
  for (const [member, lines] of others) {
    const place = Array.from({ length: Math.max(lines.length, wanted.length) }).findIndex(
      (_, index) => lines[index] !== wanted[index],
    );
    if (place >= 0) return `${member} and ${first} differ from line ${place + 1} on`;
  }
  return undefined;
}

function complete({ trace, journals }: Evidence): string | undefined {
  for (const [member, lines] of journals) {
    const lost = trace.sentBy(member, 'total').find(text => !lines.includes(text));
    if (lost !== undefined) return `'${lost}' is nowhere`;
  }
  return undefined;
}

function noGap({ trace, journals, killed }: Evidence): string | undefined {
  const sent = trace.sentBy(killed, 'total');
  for (const [member, lines] of journals) {
    const kept = lines.filter(line => sent.includes(line));
    if (kept.some((line, index) => line !== sent[index])) return `${member} lacks one in between`;
  }
  return undefined;
}

function fast({ recovery, within }: Evidence): string | undefined {
  return recovery <= within ? undefined : `it took ${Math.round(recovery)} ms, and not ${within}`;
}
