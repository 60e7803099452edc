/** A layer that makes messages slow. */
import type { LayerSpec } from '../layer.js';
import type { Batch } from '../message.js';
import { HeldBack } from './held-back.js';
import { befalls, type FaultOptions } from './selection.js';

/** How slow messages are. */
export interface DelayOptions extends Omit<FaultOptions, 'probability'> {
  /** For how many milliseconds a message is held back at the least. */
  readonly min: number;
  /** And at the most, unless one before it takes longer. */
  readonly max: number;
}

/**
 * Holds all messages back for random times, and keeps them in their order, as a slow line does; those that are excepted
 * overtake them.
 *
 * @throws RangeError when `0 ≤ min ≤ max` does not hold
 */
export function delay(options: DelayOptions): LayerSpec {
  const { min, max } = options;
  if (!(0 <= min && min <= max && max < Infinity)) {
    throw new RangeError(`a delay needs 0 ≤ min ≤ max; got ${min} and ${max}`);
  }
  return {
    name: 'delay',
    requires: [],
    provides: [],
    create: context => {
      const held = new HeldBack(context);
      const last = { up: 0, down: 0 };
      const pass = (way: 'up' | 'down', batch: Batch): void => {
        const left = batch.filter(message => {
          if (!befalls(context, { ...options, probability: 1 }, way, message)) return true;
          const duration = options.min + context.random.next() * (options.max - options.min);
          last[way] = Math.max(last[way], context.clock.now() + duration);
          held.hold(way, message, last[way]);
          return false;
        });
        if (left.length > 0) context[way](left);
      };
      return {
        up: batch => pass('up', batch),
        down: batch => pass('down', batch),
        get wakeAt() {
          return held.wakeAt;
        },
        tick: now => held.release(now),
      };
    },
  };
}
