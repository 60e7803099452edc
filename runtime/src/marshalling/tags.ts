export type TagType =
  | 'nil'
  | 'bool'
  | 'integer'
  | 'float'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'extension';

/** What a value's first byte says of it; the MessagePack specification's table of formats. */
export type TagShape =
  /** `size` bytes follow the tag. */
  | { readonly kind: 'fixed'; readonly type: TagType; readonly size: number }
  /** A length of one, two or four bytes follows, then as many bytes, and `extra` ones for the type of an extension. */
  | { readonly kind: 'sized'; readonly type: TagType; readonly lengthBytes: 1 | 2 | 4; readonly extra: 0 | 1 }
  | { readonly kind: 'array' | 'map' | 'unused'; readonly type: TagType | 'unused byte 0xc1' };

const fixed = (type: TagType, size: number): TagShape => ({ kind: 'fixed', type, size });
const sized = (type: TagType, extra: 0 | 1 = 0): TagShape[] =>
  ([1, 2, 4] as const).map(lengthBytes => ({ kind: 'sized', type, lengthBytes, extra }));
const container = (type: 'array' | 'map'): TagShape => ({ kind: type, type });
const repeat = (count: number, shape: (index: number) => TagShape): TagShape[] =>
  Array.from({ length: count }, (_, index) => shape(index));

/** The shapes of all 256 tags. */
export const tagShapes: readonly TagShape[] = [
  ...repeat(0x80, () => fixed('integer', 0)),
  ...repeat(0x10, () => container('map')),
  ...repeat(0x10, () => container('array')),
  ...repeat(0x20, length => fixed('string', length)),
  fixed('nil', 0),
  { kind: 'unused', type: 'unused byte 0xc1' },
  ...repeat(2, () => fixed('bool', 0)),
  ...sized('bytes'),
  ...sized('extension', 1),
  fixed('float', 4),
  fixed('float', 8),
  ...repeat(8, index => fixed('integer', 2 ** (index % 4))),
  ...repeat(5, index => fixed('extension', 1 + 2 ** index)),
  ...sized('string'),
  ...repeat(2, () => container('array')),
  ...repeat(2, () => container('map')),
  ...repeat(0x20, () => fixed('integer', 0)),
];
