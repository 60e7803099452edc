/**
 * What applications import: `connect` and `serve`, and the types and errors around them.
 *
 * @packageDocumentation
 */
export type { ServerInfo, ServerState } from './client/balancing/backend.js';
export type { HealthProbe, HealthSubject } from './client/balancing/health.js';
export type { BalancingOptions } from './client/balancing/options.js';
export type { OutlierOptions } from './client/balancing/outliers.js';
export type { Balance } from './client/balancing/pick.js';
export type { Channel, ChannelStats } from './client/channel.js';
export { type ConnectOptions, connect } from './client/connect.js';
export type { ClientCall, ClientInterceptor } from './client/interceptors.js';
export type { ChannelOptions } from './client/open-channel.js';
export { type DeclaredErrorsOf, type SafeClient, type SafeResult, safe } from './client/safe.js';
export { nodePlatform } from './platform/node.js';
export type * from './platform/platform.js';
export type * from './platform/tls.js';
export type { AnsweringCounters } from './request-reply/answering.js';

export type { CalleeCounters } from './request-reply/callee-counters.js';
export type { CallerCounters } from './request-reply/caller-counters.js';
export type { ServerLimits } from './request-reply/limits.js';
export type { EndpointState } from './request-reply/liveness.js';
export type { RetryBudgetOptions } from './request-reply/retry-budget.js';
export { currentContext } from './schema/current-context.js';
export type {
  Awaitable,
  CallContext,
  CallOptions,
  Hedge,
  IdempotentCallOptions,
  InterfaceDescription,
  ItemSource,
  ItemStream,
  Metadata,
  Peer,
  Principal,
  ReplyDetails,
  Semantics,
} from './schema/description.js';
export {
  CallError,
  type CallErrorCode,
  type CallErrorOptions,
  callErrorCodes,
  DeclaredError,
  type Outcome,
  type UndeclaredErrorDetails,
} from './schema/errors.js';
export type {
  CallEnd,
  ClientEvent,
  ClientEvents,
  DamageReason,
  DuplicateReason,
  EventAttempt,
  EventBytes,
  EventCall,
  EventClient,
  EventEnd,
  EventListener,
  EventOf,
  EventPath,
  EventReason,
  FragmentResent,
  SegmentResent,
  ServerEvent,
  ServerEvents,
} from './schema/events.js';
export { type Implementation, implement } from './schema/implement.js';
export {
  type CallReply,
  type InterceptedCall,
  type Interceptor,
  isCallOf,
  type NextInterceptor,
} from './schema/interception.js';
export type { DrainOptions } from './server/drain.js';
export type { ErrorListener, ExecutionCounters } from './server/execution.js';
export type { ServerCall, ServerInterceptor } from './server/interceptors.js';
export { type ServeOptions, type Server, type ServerStats, serve } from './server/serve.js';
export type { Origins } from './transport/origins.js';
export type { ClientTls, ServerTls } from './transport/security.js';
export type { TransportCounters } from './transport/transport.js';
export type { WebOptions } from './transport/ws.js';
