/**
 * Failure detection where delays have no known bound: how long a silence is suspicious follows from the silences that there
 * were (Hayashibara et al., The φ accrual failure detector, 2004).
 */
import type { LayerSpec } from '../layer.js';
import { defaultFloor, detectionBy } from './heartbeat.js';
import type { Judge } from './judge.js';

/** How certain detection by accrual is to be. */
export interface AccrualDetectionOptions {
  /** Who has multicast nothing for so many milliseconds multicasts a heartbeat. Default: 400. */
  readonly interval?: number;
  /**
   * From which φ on a member is suspected: with φ = 1 one suspicion in ten is wrong, with φ = 2 one in a hundred, if the
   * future is like the past. Default: 8.
   */
  readonly threshold?: number;
  /** From how many of the latest silences to learn. Default: 200. */
  readonly samples?: number;
  /** The least standard deviation in milliseconds that silences are taken to have. Default: half of the interval. */
  readonly deviation?: number;
  /** No member is dead before so many milliseconds of silence. Default: 3000 and an interval. */
  readonly floor?: number;
}

/**
 * Detection by accrual. A suspected member is dead when it was asked in vain for as long as made it suspicious; in a network
 * that is quick and steady, that is soon after the floor.
 *
 * @throws RangeError when an option is not a number above 0
 */
export function accrualDetection(options: AccrualDetectionOptions = {}): LayerSpec {
  const { interval = 400, threshold = 8, samples = 200 } = options;
  const { deviation = interval / 2, floor = defaultFloor(interval) } = options;
  for (const [name, value] of Object.entries({ interval, threshold, samples, deviation, floor })) {
    if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be above 0; got ${value}`);
  }
  return detectionBy(() => accrualJudge({ interval, threshold, samples, deviation }), { interval, floor });
}

/** φ relative to the threshold. */
export function accrualJudge(
  options: Required<Pick<AccrualDetectionOptions, 'interval' | 'threshold' | 'samples' | 'deviation'>>,
): Judge {
  const { interval, threshold, samples, deviation } = options;
  const gaps: number[] = [];
  let next = 0;
  let sum = 0;
  let squares = 0;
  /** The silence since the last that was learnt from. */
  let gathered = 0;

  const learn = (gap: number): void => {
    const forgotten = gaps[next];
    if (forgotten !== undefined) {
      sum -= forgotten;
      squares -= forgotten * forgotten;
    }
    gaps[next] = gap;
    next = (next + 1) % samples;
    sum += gap;
    squares += gap * gap;
  };

  const suspicion = (silence: number): number => {
    const count = gaps.length;
    const learnt = count === 0 ? 0 : sum / count;
    const variance = count === 0 ? 0 : squares / count - learnt * learnt;
    // Where much is sent, silences are short; then nothing is sent, and the next thing to expect is a heartbeat.
    const mean = Math.max(learnt, interval);
    return phi(silence, mean, Math.max(Math.sqrt(Math.max(variance, 0)), deviation)) / threshold;
  };

  return {
    heard: silence => {
      gathered += silence;
      if (gathered < interval / 2) return;
      learn(gathered);
      gathered = 0;
    },
    suspicion,
    hasHadChance: asked => suspicion(asked) >= 1,
  };
}

/** −log₁₀ of the probability that a normally distributed silence is longer, by a logistic approximation. */
export function phi(silence: number, mean: number, deviation: number): number {
  const y = (silence - mean) / deviation;
  const exponent = y * (1.5976 + 0.070566 * y * y);
  // log₁₀(1 + eˣ), of which eˣ overflows where the 1 does not matter.
  return exponent > 30 ? exponent / Math.LN10 : Math.log10(1 + Math.exp(exponent));
}
