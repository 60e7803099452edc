/** A layer that puts messages out of their order. */
import type { LayerSpec } from '../layer.js';
import type { Batch } from '../message.js';
import { HeldBack } from './held-back.js';
import { befalls, checkProbability, type FaultOptions } from './selection.js';

/** How messages come out of their order. */
export interface ShuffleOptions extends FaultOptions {
  /** For how many milliseconds a message is held back at the most. Default: 10. */
  readonly within?: number;
}

/**
 * Holds messages back at random, so that later ones overtake them.
 *
 * @throws RangeError when the probability is none, or the time
 */
export function shuffle(options: ShuffleOptions): LayerSpec {
  checkProbability(options);
  const { within = 10 } = options;
  if (!(within > 0 && within < Infinity)) {
    throw new RangeError(`messages are held back for more than 0 ms; got ${within}`);
  }
  return {
    name: 'shuffle',
    requires: [],
    provides: [],
    create: context => {
      const held = new HeldBack(context);
      const pass = (way: 'up' | 'down', batch: Batch): void => {
        const left = batch.filter(message => {
          if (!befalls(context, options, way, message)) return true;
          held.hold(way, message, context.clock.now() + context.random.next() * within);
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
