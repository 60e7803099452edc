/** Spans around calls, on either side, whose context travels in the metadata by W3C's Trace Context. */
import {
  type Context,
  context as contexts,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { ClientCall, ClientInterceptor } from '../client/interceptors.js';
import { currentContext } from '../schema/current-context.js';
import type { CallContext, CallOptions, Metadata } from '../schema/description.js';
import { CallError, DeclaredError } from '../schema/errors.js';
import type { CallReply } from '../schema/interception.js';
import type { ServerInterceptor } from '../server/interceptors.js';
import {
  addressAttributes,
  codeOf,
  endAttributes,
  isFault,
  library,
  methodAttributes,
  methodName,
  type Side,
} from './conventions.js';
import { type ItemsEnd, watchItems } from './items.js';

export interface TracingOptions {
  /** What makes the spans. Default: the tracer `@convoke/runtime` of the provider that is registered. */
  readonly tracer?: Tracer;
}

export interface Tracing {
  /** For `interceptors` of `connect`: a span of kind `CLIENT` for each call. */
  readonly client: ClientInterceptor;
  /** For `interceptors` of `serve`: a span of kind `SERVER` for each execution. */
  readonly server: ServerInterceptor;
}

/** Where the spans of calls that are being served stand, so that nested calls find their parents by `parent`. */
const served = new WeakMap<CallContext, Context>();

/** Makes the interceptors that record a span for each call; that of a call with streams lasts as long as its streams. */
export function tracing({ tracer = trace.getTracer(library) }: TracingOptions = {}): Tracing {
  return {
    client: async (call, next) => {
      const parent = parentOf(call.options);
      const method = methodName(call.procedure);
      const attributes = {
        ...methodAttributes(method),
        'convoke.semantics': call.procedure.semantics,
      };
      const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, parent);
      const within = trace.setSpan(parent, span);
      const traced = { ...call, options: tracedOptions(call.options, within, span) };
      return follow(within, () => next(traced), {
        onResult: reply => endCall(span, call, reply),
        onThrow: error => endThrown('client', span, error),
      });
    },
    server: async (call, next) => {
      const { procedure, context: callContext } = call;
      const parent = propagation.extract(ROOT_CONTEXT, callContext.metadata, metadataGetter);
      const method = methodName(procedure);
      const attributes = {
        ...methodAttributes(method),
        ...addressAttributes('client', callContext.peer.address),
        'convoke.semantics': procedure.semantics,
        'convoke.attempt': callContext.attempt,
      };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
      const within = trace.setSpan(parent, span);
      served.set(callContext, within);
      return follow(within, () => next(call), {
        onResult: () => end('server', span, 'ok'),
        onThrow: error => endThrown('server', span, error),
      });
    },
  };
}

interface Endings {
  /** `reply` is `undefined` where it was a stream, which has ended. */
  onResult(reply: CallReply | undefined): void;
  onThrow(error: unknown): void;
}

/** Goes on within the context, and tells once how it ended. */
async function follow(
  within: Context,
  next: () => Promise<CallReply>,
  { onResult, onThrow }: Endings,
): Promise<CallReply> {
  let reply: CallReply;
  try {
    reply = await contexts.with(within, next);
  } catch (error) {
    onThrow(error);
    throw error;
  }
  if (reply.kind === 'result') {
    onResult(reply);
    return reply;
  }
  const onEnd = (how: ItemsEnd) => (how.threw ? onThrow(how.error) : onResult(undefined));
  return { kind: 'stream', items: watchItems(reply.items, within, onEnd) };
}

/** The active span's context; where there is none, that of the call which this one serves. */
function parentOf({ parent = currentContext() }: CallOptions): Context {
  const active = contexts.active();
  if (trace.getSpan(active) !== undefined || parent === undefined || parent === null) return active;
  return served.get(parent) ?? active;
}

/** The options with the trace in their metadata; the span learns what the reply tells. */
function tracedOptions(options: CallOptions, within: Context, span: Span): CallOptions {
  const carrier: Record<string, string> = {};
  propagation.inject(within, carrier);
  return {
    ...options,
    ...(Object.keys(carrier).length === 0 ? {} : { metadata: { ...options.metadata, ...carrier } }),
    onReply(metadata, reply) {
      span.setAttribute('convoke.attempts', reply.attempts);
      if (reply.peer !== undefined) span.setAttributes(addressAttributes('server', reply.peer));
      options.onReply?.(metadata, reply);
    },
  };
}

const metadataGetter: TextMapGetter<Metadata> = {
  keys: metadata => Object.keys(metadata),
  get: (metadata, name) => {
    const value = metadata[name];
    return typeof value === 'string' ? value : undefined;
  },
};

/** A `maybe` call ends without a result when no answer came. */
function endCall(span: Span, { procedure }: ClientCall, reply: CallReply | undefined): void {
  const isUnanswered =
    procedure.semantics === 'maybe' && reply?.kind === 'result' && reply.value === undefined;
  span.setAttribute('convoke.outcome', isUnanswered ? 'unknown' : 'executed');
  end('client', span, 'ok');
}

function endThrown(side: Side, span: Span, error: unknown): void {
  if (side === 'client' && error instanceof CallError) {
    span.setAttributes({ 'convoke.outcome': error.outcome, 'convoke.attempts': error.attempts });
  }
  if (side === 'client' && error instanceof DeclaredError) span.setAttribute('convoke.outcome', 'executed');
  const isUndeclared = !(error instanceof CallError || error instanceof DeclaredError);
  if (isUndeclared && error instanceof Error) span.recordException(error);
  end(side, span, codeOf(error), error);
}

function end(side: Side, span: Span, code: string, error?: unknown): void {
  span.setAttributes(endAttributes(side, code));
  if (isFault(side, code)) {
    const message = error instanceof Error ? error.message : undefined;
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
  }
  span.end();
}
