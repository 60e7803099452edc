/** OpenTelemetry for channels and servers. Needs `@opentelemetry/api`, which this package leaves to its users. */
export { type Metrics, type MetricsOptions, metrics } from './metrics.js';
export { type Tracing, type TracingOptions, tracing } from './tracing.js';
