/** Which messages a fault befalls. */
import type { LayerContext } from '../layer.js';
import type { Message } from '../message.js';

/** Which messages a fault befalls. They are read for each message: an object whose fields are changed changes the fault. */
export interface FaultOptions {
  /** How likely it befalls a message, from 0 to 1. */
  readonly probability: number;
  /** Whether it befalls what comes from below. Default: true. */
  readonly up?: boolean;
  /** Whether it befalls what comes from above. Default: true. */
  readonly down?: boolean;
  /** Whether it may befall this message. Default: any. */
  readonly only?: (message: Message) => boolean;
}

/** @throws RangeError when the probability is none */
export function checkProbability({ probability }: FaultOptions): void {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a probability is a number from 0 to 1; got ${probability}`);
  }
}

/** Draws whether the fault befalls the message, and counts it when it does. */
export function befalls(
  context: LayerContext,
  options: FaultOptions,
  way: 'up' | 'down',
  message: Message,
): boolean {
  if (options[way] === false || options.only?.(message) === false) return false;
  if (context.random.next() >= options.probability) return false;
  context.count('fault');
  return true;
}
