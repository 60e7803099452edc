/** What a call takes over from the call that it serves. */
import { currentContext } from '../schema/current-context.js';
import type { AnyCallOptions } from '../schema/description.js';

/** The options with the current context as the parent, where there is one and the caller names none. */
export function withParent(options: AnyCallOptions | undefined): AnyCallOptions | undefined {
  if (options?.parent !== undefined) return options;
  const parent = currentContext();
  return parent === undefined ? options : { ...options, parent };
}
