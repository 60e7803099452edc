/** The words of the language that stand for one of a few things. None is reserved: each is also a name where a name stands. */

/** The types that the language brings with it. */
export const primitiveNames = [
  'bool',
  'i8',
  'i16',
  'i32',
  'i64',
  'u8',
  'u16',
  'u32',
  'u64',
  'f32',
  'f64',
  'string',
  'bytes',
  'timestamp',
  'duration',
  'uuid',
] as const;
/** One of them. */
export type PrimitiveName = (typeof primitiveNames)[number];

export const collectionNames = ['list', 'set', 'map'] as const;

/** What means something of its own where a type stands; a type declared under such a name could not be referred to. */
export const reservedTypeNames: readonly string[] = [...primitiveNames, ...collectionNames, 'void', 'stream'];

/** What a procedure can promise of how often it is executed. */
export const semanticsWords = ['maybe', 'at-least-once', 'at-most-once'] as const;
/** One of these promises. */
export type Semantics = (typeof semanticsWords)[number];

export const boundsKinds = ['length', 'range', 'count'] as const;
export type BoundsKind = (typeof boundsKinds)[number];

export const accessWords = ['open', 'closed'] as const;
export type Access = (typeof accessWords)[number];

/** The orders in which the members of a group can be asked to take messages, weakest first. */
export const orderWords = ['unordered', 'fifo', 'causal', 'total'] as const;
/** One of these orders. */
export type DeliveryOrder = (typeof orderWords)[number];

export const replyWords = ['first', 'majority', 'all', 'n', 'none'] as const;
export type ReplyWord = (typeof replyWords)[number];
