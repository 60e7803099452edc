/**
 * Outlier ejection: a server whose calls fail is not called for a while, longer each time, and never are too many servers
 * ejected together. After Envoy's outlier detection and gRPC's proposal A50.
 */

export interface OutlierOptions {
  /** Failures without a success between them that eject a server. */
  readonly consecutiveFailures: number;
  /** Failed calls of an interval that eject a server, from 0 to 1. */
  readonly failureRate: number;
  /** Calls of an interval below which its rate says nothing. */
  readonly minimumCalls: number;
  /** How often rates are looked at, in milliseconds. */
  readonly interval: number;
  /** How long the first ejection lasts, in milliseconds; the nth is n times as long. */
  readonly baseEjection: number;
  /** How long any ejection lasts at the most, in milliseconds. */
  readonly longestEjection: number;
  /** Which part of the servers is ejected at the most, from 0 to 1; one server is in any case. */
  readonly mostEjected: number;
}

export const defaultOutlierOptions: OutlierOptions = {
  consecutiveFailures: 5,
  failureRate: 0.85,
  minimumCalls: 50,
  interval: 10_000,
  baseEjection: 30_000,
  longestEjection: 300_000,
  mostEjected: 0.5,
};

/** What is known of one server. */
export interface OutlierRecord {
  consecutiveFailures: number;
  /** Of the interval that runs. */
  successes: number;
  failures: number;
  /** How often it was ejected, less the intervals for which it did well. */
  ejections: number;
  /** On the clock's scale. */
  ejectedUntil: number;
}

export function createOutlierRecord(): OutlierRecord {
  return { consecutiveFailures: 0, successes: 0, failures: 0, ejections: 0, ejectedUntil: 0 };
}

export function isEjected(record: OutlierRecord, now: number): boolean {
  return now < record.ejectedUntil;
}

export function noteSuccess(record: OutlierRecord): void {
  record.consecutiveFailures = 0;
  record.successes++;
}

/** Returns whether the server was ejected for it. `all` are the records of the channel's servers. */
export function noteFailure(
  record: OutlierRecord,
  all: readonly OutlierRecord[],
  options: OutlierOptions,
  now: number,
): boolean {
  record.consecutiveFailures++;
  record.failures++;
  if (record.consecutiveFailures < options.consecutiveFailures) return false;
  return eject(record, all, options, now);
}

/** At the end of each interval: ejects servers whose rates are bad, and forgives those that did well. */
export function endInterval(all: readonly OutlierRecord[], options: OutlierOptions, now: number): void {
  for (const record of all) {
    const calls = record.successes + record.failures;
    const isBad = calls >= options.minimumCalls && record.failures >= options.failureRate * calls;
    if (isBad) eject(record, all, options, now);
    else if (!isEjected(record, now)) record.ejections = Math.max(0, record.ejections - 1);
    record.successes = 0;
    record.failures = 0;
  }
}

function eject(
  record: OutlierRecord,
  all: readonly OutlierRecord[],
  options: OutlierOptions,
  now: number,
): boolean {
  if (isEjected(record, now)) return false;
  const ejected = all.filter(each => isEjected(each, now)).length;
  if (ejected + 1 > Math.max(1, Math.floor(options.mostEjected * all.length))) return false;
  record.ejections++;
  record.consecutiveFailures = 0;
  record.ejectedUntil = now + Math.min(options.longestEjection, options.baseEjection * record.ejections);
  return true;
}
