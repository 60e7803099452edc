/** What a call takes over from the call that it serves. */
import { currentContext } from '../schema/current-context.js';
import type { AnyCallOptions, Metadata } from '../schema/description.js';

/** The trace context of W3C, by the names of its headers. */
const traceNames = ['traceparent', 'tracestate'] as const;

/** The options with the current context as the parent, where there is one and the caller names none. */
export function withParent(options: AnyCallOptions | undefined): AnyCallOptions | undefined {
  if (options?.parent !== undefined) return options;
  const parent = currentContext();
  return parent === undefined ? options : { ...options, parent };
}

/** The caller's metadata, and the parent's trace where the caller gives none. */
export function metadataOf({ metadata, parent }: AnyCallOptions): Metadata | undefined {
  if (parent?.metadata.traceparent === undefined || metadata?.traceparent !== undefined) return metadata;
  const trace: Record<string, Metadata[string]> = {};
  for (const name of traceNames) {
    const value = parent.metadata[name];
    if (value !== undefined) trace[name] = value;
  }
  return { ...trace, ...metadata };
}
