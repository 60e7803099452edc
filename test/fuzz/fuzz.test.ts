/** A share of the inputs; `npm run test:soak` takes ten million. */
import { expect, test } from 'vitest';
import { fuzz } from './fuzz.js';

test('whatever comes from a network is decoded or refused, and costs no more than its own bytes', async () => {
  const reports = await fuzz(3000, process.env.FUZZ_SEED ?? 'share', () => {});
  // Histories, half-open messages and streams of one client within the limits that the decoders were given.
  for (const { mostHeld } of reports) expect(mostHeld).toBeLessThan(5_000_000);
});
