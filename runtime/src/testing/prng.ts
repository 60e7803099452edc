/** Repeatable random numbers. */
export interface Prng {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, limit). */
  below(limit: number): number;
  /** A number in [low, high). */
  between(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  bytes(length: number): Uint8Array;
}

/** xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018). */
function xoshiro128(seed: () => number): () => number {
  let a = seed();
  let b = seed();
  let c = seed();
  let d = seed();
  return () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** FNV-1a of the name, stretched by SplitMix32 (Steele, Lea and Flood 2014, with MurmurHash3's 32-bit finalizer). */
function seeder(name: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
}

/** A generator of its own for each name: what one draws does not change what another gets. */
export function createPrng(name: string): Prng {
  const word = xoshiro128(seeder(name));
  const next = (): number => word() / 2 ** 32;
  return {
    next,
    below: limit => Math.floor(next() * limit),
    between: (low, high) => low + next() * (high - low),
    chance: probability => probability > 0 && next() < probability,
    bytes: length => Uint8Array.from({ length }, () => word() >>> 24),
  };
}
