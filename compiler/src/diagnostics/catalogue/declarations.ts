/** CVK3xxx: types and declarations. */
import { error } from '../diagnostic.js';

export interface Member {
  /** What it is: `field`, `member`, `procedure`, … */
  readonly what: string;
  readonly name: string;
}

export interface Mismatch {
  /** The value as it was written or as it is called. */
  readonly value: string;
  readonly type: string;
}

export const declarations = {
  // ── ids and names of members ──────────────────────────────────────────────────────────────────────────────────────
  idOutOfRange: error<{ id: bigint }>('CVK3001', ({ id }) => `id ${id} is out of range: ids are 1 to 65535`),
  duplicateId: error<{ id: number; first: string; free: number | undefined }>(
    'CVK3002',
    ({ id, first }) => `id ${id} is taken by '${first}': on the wire the two would be one`,
    ({ free }) => (free === undefined ? undefined : `The next free id is ${free}.`),
  ),
  reservedId: error<{ id: number; free: number | undefined }>(
    'CVK3003',
    ({ id }) => `id ${id} is reserved: older schemas may have used it for something else`,
    ({ free }) => (free === undefined ? undefined : `The next free id is ${free}.`),
  ),
  duplicateMember: error<Member>(
    'CVK3004',
    ({ what, name }) => `there are two ${what}s named '${name}'`,
    () => 'Rename one of the two.',
  ),
  reservedMember: error<Member>(
    'CVK3005',
    ({ what, name }) => `the name '${name}' is reserved, so no ${what} can bear it`,
    () => 'Older schemas may have used it for something else: choose another name.',
  ),
  reservedRange: error<{ first: bigint; last: bigint }>(
    'CVK3006',
    ({ first, last }) =>
      first > last
        ? `the reserved range ${first}..${last} is empty: its first id is greater than its last`
        : `${first === last ? `${first} cannot be reserved` : `${first}..${last} cannot be reserved`}: ids are 1 to 65535`,
    ({ first, last }) => (first > last ? `Write \`${last}..${first}\`.` : undefined),
  ),
  emptyEnum: error<{ name: string }>(
    'CVK3007',
    ({ name }) => `enum '${name}' has no members, so it has no values`,
    () => 'Add a member: `@1 name;`.',
  ),
  emptyUnion: error<{ name: string }>(
    'CVK3008',
    ({ name }) => `union '${name}' has no arms, so it has no values`,
    () => 'Add an arm: `@1 name: Type;`.',
  ),

  // ── types ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  aliasCycle: error<{ path: string }>(
    'CVK3010',
    ({ path }) => `a type alias cannot stand for itself: ${path}`,
    () => 'For a recursive type declare a struct or a union.',
  ),
  constantCycle: error<{ path: string }>(
    'CVK3011',
    ({ path }) => `a constant cannot be defined by itself: ${path}`,
    () => 'Give one of them a literal value.',
  ),
  containsItself: error<{ path: string }>(
    'CVK3012',
    ({ path }) => `a value of this type would never end, because each contains another: ${path}`,
    () => 'Make the field optional (`name?: Type`) or a list.',
  ),
  invalidKey: error<{ type: string; where: string }>(
    'CVK3013',
    ({ type, where }) => `${where} cannot be ${type}: it must be an integer, string, bool, uuid or enum`,
    () => 'Two equal values of other types would not be found to be the same.',
  ),
  nullableTwice: error(
    'CVK3014',
    () => 'this type is nullable already, and there is only one null',
    () => 'Remove the `?`.',
  ),

  // ── fields, arms and parameters ───────────────────────────────────────────────────────────────────────────────────
  optionalNullable: error<Member>(
    'CVK3020',
    ({ what, name }) =>
      `${what} '${name}' is both optional and nullable: on the wire absent and null would be the same`,
    ({ name }) => `Write either \`${name}?: T\` or \`${name}: T?\`.`,
  ),
  nullableDefault: error<Member>(
    'CVK3021',
    ({ what, name }) =>
      `${what} '${name}' is nullable and cannot have a default: on the wire absent and null are the same`,
    () => 'Remove the default, or the `?` of the type.',
  ),
  optionalDefault: error<Member>(
    'CVK3022',
    ({ what, name }) => `${what} '${name}' has a default, so it is never absent and cannot be optional`,
    ({ name }) => `Remove the default, or the \`?\` after '${name}'.`,
  ),
  optionalArm: error<Member>(
    'CVK3023',
    ({ name }) => `arm '${name}' cannot be optional: a union always holds exactly one of its arms`,
    ({ name }) => `Remove the \`?\` after '${name}'.`,
  ),
  defaultOfArm: error<Member>(
    'CVK3024',
    ({ name }) => `arm '${name}' cannot have a default: a union always holds exactly one of its arms`,
    () => 'Remove the default.',
  ),

  // ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────
  valueMismatch: error<Mismatch & { hint: string | undefined }>(
    'CVK3030',
    ({ value, type }) => `${value} is not a value of type ${type}`,
    ({ hint }) => hint,
  ),
  valueOutOfRange: error<Mismatch & { min: bigint | number; max: bigint | number }>(
    'CVK3031',
    ({ value, type, min, max }) => `${value} does not fit type ${type}, which holds ${min} to ${max}`,
  ),
  malformedText: error<Mismatch & { example: string }>(
    'CVK3032',
    ({ value, type }) => `${value} is not a valid ${type}`,
    ({ example }) => `Write it like "${example}".`,
  ),
  breaksConstraint: error<{ value: string; constraint: string }>(
    'CVK3033',
    ({ value, constraint }) => `${value} breaks the constraint ${constraint}`,
  ),
  noLiteral: error<{ type: string }>(
    'CVK3034',
    ({ type }) => `there are no literals of ${type}, so it can be neither a constant nor a default`,
    () => 'Make the field optional instead.',
  ),
  duplicateElement: error<{ value: string; where: string }>(
    'CVK3035',
    ({ value, where }) => `${value} stands twice in this ${where}`,
    () => 'Remove one of the two.',
  ),
  constantType: error<{ name: string; from: string; to: string }>(
    'CVK3036',
    ({ name, from, to }) => `constant '${name}' is ${from} and cannot stand where ${to} is wanted`,
    () => 'The two are different types in TypeScript: write the value itself, or declare a second constant.',
  ),

  // ── constraints ───────────────────────────────────────────────────────────────────────────────────────────────────
  constraintMismatch: error<{ constraint: string; type: string; fits: string; hint: string | undefined }>(
    'CVK3040',
    ({ constraint, type, fits }) => `\`${constraint}\` does not fit ${type}: it constrains ${fits}`,
    ({ hint }) => hint,
  ),
  duplicateConstraint: error<{ constraint: string }>(
    'CVK3041',
    ({ constraint }) => `\`${constraint}\` stands twice`,
    () => 'Write one with both bounds.',
  ),
  boundsReversed: error<{ min: bigint | number; max: bigint | number }>(
    'CVK3042',
    ({ min, max }) => `nothing can fit: the lower bound ${min} is greater than the upper bound ${max}`,
  ),
  invalidBound: error<{ value: string; wanted: string }>(
    'CVK3043',
    ({ value, wanted }) => `${value} cannot be a bound here: it must be ${wanted}`,
  ),
  invalidPattern: error<{ reason: string }>(
    'CVK3044',
    ({ reason }) => `this pattern is not a regular expression: ${reason}`,
    () =>
      'Patterns are JavaScript regular expressions with the `u` flag; in a string a backslash is written twice.',
  ),

  // ── annotations ───────────────────────────────────────────────────────────────────────────────────────────────────
  deprecatedArguments: error(
    'CVK3050',
    () => '`@deprecated` takes one string at most: what to use instead',
    () => 'Write `@deprecated("use …")`.',
  ),
  duplicateAnnotation: error<{ name: string }>(
    'CVK3051',
    ({ name }) => `\`@${name}\` stands twice`,
    () => 'Remove one of the two.',
  ),
};
