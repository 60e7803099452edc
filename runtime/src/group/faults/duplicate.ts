/** A layer that doubles messages. */
import type { LayerSpec } from '../layer.js';
import { type Batch, Message } from '../message.js';
import { befalls, checkProbability, type FaultOptions } from './selection.js';

/**
 * Doubles messages at random: the second ones follow when the whole batch has passed.
 *
 * @throws RangeError when the probability is none
 */
export function duplicate(options: FaultOptions): LayerSpec {
  checkProbability(options);
  return {
    name: 'duplicate',
    requires: [],
    provides: [],
    create: context => {
      const pass = (way: 'up' | 'down', batch: Batch): void => {
        // Copied before others may write to them.
        const copies = batch.filter(message => befalls(context, options, way, message)).map(copyOf);
        context[way](batch);
        if (copies.length > 0) context[way](copies);
      };
      return { up: batch => pass('up', batch), down: batch => pass('down', batch) };
    },
  };
}

function copyOf(message: Message): Message {
  const { kind, sender, target, body } = message;
  return Object.assign(new Message(kind, sender, target, body), message);
}
