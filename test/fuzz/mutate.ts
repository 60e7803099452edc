/** Makes of sound inputs others that are almost sound, which gets further into a decoder than noise does. */
import type { Random } from '../../runtime/src/platform/platform.js';

/** Numbers at which lengths, counts and offsets go wrong. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

const longest = 4096;

type Mutation = (bytes: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer;

const below = (random: Random, limit: number): number => Math.floor(random.next() * limit);
const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)]!;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    if (bytes.length > 0) bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
    return bytes;
  },
  function setByte(bytes, random) {
    if (bytes.length > 0) bytes[below(random, bytes.length)] = below(random, 256);
    return bytes;
  },
  function setEdge(bytes, random) {
    const width = pick(random, [1, 2, 4] as const);
    if (bytes.length < width) return bytes;
    const value = pick(random, edges) % 2 ** (8 * width);
    bytes.writeUIntBE(value, below(random, bytes.length - width + 1), width);
    return bytes;
  },
  function addToByte(bytes, random) {
    const at = below(random, bytes.length);
    if (bytes.length > 0) bytes[at] = bytes[at]! + pick(random, [-2, -1, 1, 2]);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  function insert(bytes, random) {
    const at = below(random, bytes.length + 1);
    const more = Buffer.alloc(1 + below(random, 16), below(random, 256));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  function remove(bytes, random) {
    const at = below(random, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 16))]);
  },
  function splice(bytes, random, corpus) {
    const other = pick(random, corpus);
    return Buffer.concat([
      bytes.subarray(0, below(random, bytes.length + 1)),
      other.subarray(below(random, other.length + 1)),
    ]);
  },
  function repeat(bytes, random) {
    const from = below(random, bytes.length + 1);
    const part = bytes.subarray(from, from + below(random, 40));
    return Buffer.concat([bytes, ...new Array<Buffer>(1 + below(random, 8)).fill(part)]);
  },
];

/** One of the corpus, with one to six mutations; one in fifty as it is. */
export function mutate(corpus: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(pick(random, corpus));
  if (below(random, 50) === 0) return bytes;
  for (let left = 1 + below(random, 6); left > 0; left--)
    bytes = pick(random, mutations)(bytes, random, corpus);
  return bytes.length > longest ? bytes.subarray(0, longest) : bytes;
}
