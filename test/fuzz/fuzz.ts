/** Feeds mutated inputs to every decoder, and looks for what must not happen. */
import { createPrng } from '../../runtime/src/testing/prng.js';
import { mutate } from './mutate.js';
import { targets } from './targets.js';

export interface FuzzReport {
  readonly name: string;
  readonly inputs: number;
  /** The longest time that one input took, in milliseconds; the best of three tries. */
  readonly slowest: number;
  /** The most that the decoder held at one time. */
  readonly mostHeld: number;
  /** Bytes of the heap after the first tenth of the inputs, and at the end. */
  readonly heap: readonly [early: number, late: number];
}

const suspicious = 20;

/**
 * @param inputs for each decoder
 * @param collect collects garbage, so that the heap can be measured
 * @throws Error that names the decoder, the seed and the input, as hexadecimal digits
 */
export async function fuzz(inputs: number, seed: string, collect: () => void): Promise<FuzzReport[]> {
  const reports: FuzzReport[] = [];
  for (const target of await targets(createPrng(`${seed}/chunks`))) {
    const random = createPrng(`${seed}/${target.name}`);
    let slowest = 0;
    let mostHeld = 0;
    let early = 0;
    for (let count = 0; count < inputs; count++) {
      const input = mutate(target.corpus, random);
      try {
        const begin = performance.now();
        target.take(Buffer.from(input));
        let took = performance.now() - begin;
        // Whatever else the machine did meanwhile is not the input's fault.
        for (let again = 0; took > suspicious && again < 3; again++) {
          const start = performance.now();
          target.take(Buffer.from(input));
          took = Math.min(took, performance.now() - start);
        }
        slowest = Math.max(slowest, took);
      } catch (error) {
        throw new Error(`${target.name}, seed ${seed}, input ${count}: ${input.toString('hex')}`, {
          cause: error,
        });
      }
      if (count % 1024 === 0) mostHeld = Math.max(mostHeld, target.held());
      if (count === Math.floor(inputs / 10)) {
        collect();
        early = process.memoryUsage().heapUsed;
      }
    }
    collect();
    const heap = [early, process.memoryUsage().heapUsed] as const;
    reports.push({ name: target.name, inputs, slowest, mostHeld, heap });
  }
  return reports;
}
