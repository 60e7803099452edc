/** Which interface and procedure of a server a word means. */
import type { InterfaceSummary } from '@convoke/runtime/services';
import { closest } from '../diagnostics/suggest.js';
import { UsageError } from './usage-error.js';

export interface Target {
  /** Full, or as much of its end as tells it apart. */
  readonly interface: string;
  readonly procedure: string;
}

/** @throws UsageError where the word is not of this form */
export function parseTarget(word: string): Target {
  const at = word.lastIndexOf('.');
  const target = { interface: word.slice(0, Math.max(0, at)), procedure: word.slice(at + 1) };
  if (target.interface !== '' && target.procedure !== '') return target;
  throw new UsageError(`'${word}' is no procedure of an interface: write it like Bank.balance.`);
}

/**
 * The interface whose full name this is, or that alone ends with it: `Bank` and `v1.Bank` for `bank.v1.Bank`.
 *
 * @throws UsageError where there is none, or several
 */
export function chooseInterface(word: string, offered: readonly InterfaceSummary[]): InterfaceSummary {
  const exact = offered.find(({ name }) => name === word);
  const [first, ...others] = offered.filter(({ name }) => name.endsWith(`.${word}`));
  const chosen = exact ?? (others.length === 0 ? first : undefined);
  if (chosen !== undefined) return chosen;
  const names = [first, ...others].flatMap(each => each?.name ?? []);
  if (names.length > 0) throw new UsageError(`'${word}' may mean ${names.join(' or ')}: write it in full.`);
  const known = offered.map(({ name }) => name);
  const likely = closest(word, [...known, ...known.map(shortName)]);
  throw new UsageError(`The server offers no interface '${word}'. ${hint(likely, known)}`);
}

/** @throws UsageError where the interface has no such procedure */
export function checkProcedure(word: string, { name, procedures }: InterfaceSummary): void {
  const known = procedures.map(procedure => procedure.name);
  if (known.includes(word)) return;
  throw new UsageError(`${name} has no procedure '${word}'. ${hint(closest(word, known), known)}`);
}

function hint(likely: string | undefined, known: readonly string[]): string {
  return likely === undefined ? `There are ${known.join(', ')}.` : `Did you mean '${likely}'?`;
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
