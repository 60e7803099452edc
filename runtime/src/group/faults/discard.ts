/** A layer that loses messages. */
import type { LayerSpec } from '../layer.js';
import type { Batch } from '../message.js';
import { befalls, checkProbability, type FaultOptions } from './selection.js';

/**
 * Loses messages at random.
 *
 * @throws RangeError when the probability is none
 */
export function discard(options: FaultOptions): LayerSpec {
  checkProbability(options);
  return {
    name: 'discard',
    requires: [],
    provides: [],
    create: context => {
      const pass = (way: 'up' | 'down', batch: Batch): void => {
        const left = batch.filter(message => !befalls(context, options, way, message));
        if (left.length > 0) context[way](left);
      };
      return { up: batch => pass('up', batch), down: batch => pass('down', batch) };
    },
  };
}
