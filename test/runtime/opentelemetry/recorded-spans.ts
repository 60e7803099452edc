/** Keeps spans in memory, for tests of what is recorded. */
import { context, propagation, type SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach } from 'vitest';
import { tracing } from '../../../runtime/src/opentelemetry/index.js';

/** Registers a provider and W3C's propagator for each test of the file. */
export function recordSpans({ managesContext }: { readonly managesContext: boolean }) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

  beforeEach(() => {
    trace.setGlobalTracerProvider(provider);
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    if (managesContext) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  afterEach(() => {
    trace.disable();
    propagation.disable();
    context.disable();
    exporter.reset();
  });

  const tracer = provider.getTracer('test');
  const { client, server } = tracing({ tracer });
  return {
    tracer,
    /** Has the calls of a server and a channel recorded. */
    traced: { serve: { interceptors: [server] }, connect: { interceptors: [client] } },
    /** The spans that have ended, in that order. */
    spans: () => exporter.getFinishedSpans(),
    /** The only one of this kind and method. */
    span(kind: SpanKind, method: string): ReadableSpan {
      const found = exporter.getFinishedSpans().filter(each => each.kind === kind && each.name === method);
      if (found.length !== 1) throw new Error(`there are ${found.length} spans of ${method}`);
      return found[0]!;
    },
  };
}

/** `trace/span` of a span, and of its parent. */
export const idOf = (span: ReadableSpan): string => {
  const { traceId, spanId } = span.spanContext();
  return `${traceId}/${spanId}`;
};
export const parentOf = ({ parentSpanContext: parent }: ReadableSpan): string | undefined =>
  parent && `${parent.traceId}/${parent.spanId}`;
