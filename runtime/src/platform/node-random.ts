import { randomFillSync } from 'node:crypto';
import type { Random } from './platform.js';

const poolSize = 4096;
const pool = new Uint8Array(poolSize);
let used = poolSize;

/** One call to the system's generator per pool: asking for 16 bytes costs almost as much as asking for 4 KiB. */
function bytes(length: number): Uint8Array {
  if (length > poolSize) return randomFillSync(new Uint8Array(length));
  if (used + length > poolSize) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += length;
  return pool.slice(start, used);
}

export const nodeRandom: Random = { bytes, next: Math.random };
