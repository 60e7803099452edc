/** Ten million inputs for the decoders that face the network. */
import { expect, test } from 'vitest';
import { fuzz } from '../fuzz/fuzz.js';
import { collect } from './collect.js';

const inputs = Number(process.env.FUZZ_INPUTS ?? 10_000_000);
const decoders = 8;
/** Bytes by which a heap may grow while a decoder takes nine tenths of its inputs. */
const noise = 16 << 20;
/** Milliseconds that one input may hold up the event loop. */
const stall = 50;

test(`${inputs} mutated inputs: no crash, no hang, no growth, no stall`, async () => {
  const reports = await fuzz(Math.ceil(inputs / decoders), process.env.FUZZ_SEED ?? 'soak', collect);
  console.table(reports.map(({ heap: [early, late], ...rest }) => ({ ...rest, grown: late - early })));
  for (const { name, heap, slowest } of reports) {
    expect(heap[1] - heap[0], `${name} has grown`).toBeLessThan(noise);
    expect(slowest, `${name} stalled`).toBeLessThan(stall);
  }
});
