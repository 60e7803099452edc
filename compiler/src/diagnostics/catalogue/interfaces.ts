/** CVK4xxx: interfaces and what procedures promise. */
import { error } from '../diagnostic.js';

export const interfaces = {
  // ── inheritance and names ─────────────────────────────────────────────────────────────────────────────────────────
  duplicateBase: error<{ name: string }>(
    'CVK4001',
    ({ name }) => `'${name}' is extended twice`,
    () => 'Remove one of the two.',
  ),
  inheritanceCycle: error<{ path: string }>(
    'CVK4002',
    ({ path }) => `an interface cannot extend itself: ${path}`,
    () => 'Move what they share into an interface that all of them extend.',
  ),
  inheritedClash: error<{ name: string; first: string; second: string }>(
    'CVK4003',
    ({ name, first, second }) => `procedure '${name}' comes from both '${first}' and '${second}'`,
    () => 'A procedure cannot be overridden: rename one of the two.',
  ),
  procedureThen: error(
    'CVK4004',
    () => "a procedure cannot be named 'then': `await` would take the client stub for a promise and call it",
    () => 'Choose another name.',
  ),
  requiredAfterOptional: error<{ name: string; optional: string; stream: boolean }>(
    'CVK4005',
    ({ name, optional }) => `parameter '${name}' is required, but '${optional}' before it may be left out`,
    ({ name, optional, stream }) =>
      stream
        ? `A stream is last and cannot be left out: make '${optional}' required or nullable.`
        : `Move '${name}' before it (its id stays), or make it optional too.`,
  ),
  parameterClash: error<{ name: string; other: string; generated: string }>(
    'CVK4006',
    ({ name, other, generated }) =>
      `parameters '${name}' and '${other}' are both called '${generated}' in generated code`,
    () => 'Rename one of the two.',
  ),

  // ── promises ──────────────────────────────────────────────────────────────────────────────────────────────────────
  maybeThrows: error<{ name: string }>(
    'CVK4010',
    ({ name }) => `'${name}' is maybe and cannot throw: its caller does not learn what became of the call`,
    () => 'Remove `throws`, or make it `at-most-once`.',
  ),
  notIdempotent: error<{ name: string }>(
    'CVK4011',
    ({ name }) => `'${name}' is at-least-once, so it can execute twice, and must say that this does no harm`,
    () => 'Add `idempotent` if it is so, otherwise make it `at-most-once`.',
  ),
  defaultNotIdempotent: error(
    'CVK4012',
    () =>
      'procedures that are at-least-once by this default can execute twice, and must say that this does no harm',
    () => 'Write `default at-least-once idempotent` if it is so, otherwise `default at-most-once`.',
  ),
  deadlineNotPositive: error(
    'CVK4013',
    () => 'a deadline is more than zero: with this one every call would fail',
    () => 'Write a duration such as `500ms` or `2s`.',
  ),
  duplicateThrow: error<{ name: string }>(
    'CVK4014',
    ({ name }) => `'${name}' is thrown twice`,
    () => 'Remove one of the two.',
  ),

  // ── streams ───────────────────────────────────────────────────────────────────────────────────────────────────────
  streamSemantics: error<{ name: string; semantics: string; inherited: boolean }>(
    'CVK4020',
    ({ name, semantics }) =>
      `'${name}' has a stream and cannot be ${semantics}: a stream that has begun cannot be repeated`,
    ({ inherited }) => (inherited ? 'Add `at-most-once` to the procedure.' : 'Make it `at-most-once`.'),
  ),
  secondStream: error<{ name: string; first: string }>(
    'CVK4021',
    ({ name, first }) => `parameter '${name}' is a second stream, after '${first}'; there is at most one`,
    () => 'Put both into one stream of a union.',
  ),
  streamNotLast: error<{ name: string }>(
    'CVK4022',
    ({ name }) => `stream parameter '${name}' must be the last one`,
    () => 'Move it to the end (its id stays).',
  ),
  optionalStream: error<{ name: string }>(
    'CVK4023',
    ({ name }) => `stream parameter '${name}' can be neither optional nor have a default`,
    () => 'An empty stream says the same.',
  ),
};
