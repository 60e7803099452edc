/** What the metadata of a call takes over from the call that it serves. */
import type { CallContext, Metadata } from './description.js';

/** The trace context of W3C, by the names of its headers. */
const traceNames = ['traceparent', 'tracestate'] as const;

/** Where metadata comes from: what the caller gives, and the call that it serves. */
interface Sources {
  readonly metadata?: Metadata | undefined;
  readonly parent?: Pick<CallContext, 'metadata'> | null | undefined;
}

/** The caller's metadata, and the parent's trace where the caller gives none. */
export function metadataOf({ metadata, parent }: Sources): Metadata | undefined {
  if (parent?.metadata.traceparent === undefined || metadata?.traceparent !== undefined) return metadata;
  const trace: Record<string, Metadata[string]> = {};
  for (const name of traceNames) {
    const value = parent.metadata[name];
    if (value !== undefined) trace[name] = value;
  }
  return { ...trace, ...metadata };
}
