/** What a value's first byte says of it; the MessagePack specification's table of formats. */
export type TagShape = { readonly name: string } & (
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'sized'; readonly lengthBytes: 1 | 2 | 4; readonly extra: 0 | 1 }
  | { readonly kind: 'array' | 'map' | 'unused' }
);

/** `size` bytes follow the tag. */
const fixed = (name: string, size: number): TagShape => ({ name, kind: 'fixed', size });
/** A length follows, of one, two or four bytes, then as many bytes, and `extra` ones for the type of an extension. */
const sized = (name: string, extra: 0 | 1 = 0): TagShape[] =>
  ([1, 2, 4] as const).map(lengthBytes => ({ name, kind: 'sized', lengthBytes, extra }));

const tag = (count: number, shape: (index: number) => TagShape): TagShape[] =>
  Array.from({ length: count }, (_, index) => shape(index));

/** The shapes of all 256 tags. */
export const tagShapes: readonly TagShape[] = [
  ...tag(0x80, () => fixed('an integer', 0)),
  ...tag(0x10, () => ({ name: 'a map', kind: 'map' })),
  ...tag(0x10, () => ({ name: 'an array', kind: 'array' })),
  ...tag(0x20, length => fixed('a string', length)),
  fixed('nil', 0),
  { name: 'the unused byte 0xc1', kind: 'unused' },
  ...tag(2, () => fixed('a bool', 0)),
  ...sized('bytes'),
  ...sized('an extension', 1),
  fixed('a float', 4),
  fixed('a float', 8),
  ...tag(8, index => fixed('an integer', 2 ** (index % 4))),
  ...tag(5, index => fixed('an extension', 1 + 2 ** index)),
  ...sized('a string'),
  ...tag(2, () => ({ name: 'an array', kind: 'array' })),
  ...tag(2, () => ({ name: 'a map', kind: 'map' })),
  ...tag(0x20, () => fixed('an integer', 0)),
];
