/**
 * What a web page gets that imports `@convoke/runtime`: the client's half, over WebSockets.
 *
 * @packageDocumentation
 */
export type { Channel } from '../client/channel.js';
export type { ClientCall, ClientInterceptor } from '../client/interceptors.js';
export type { ChannelOptions } from '../client/open-channel.js';
export { type DeclaredErrorsOf, type SafeClient, type SafeResult, safe } from '../client/safe.js';
export type { CallerCounters } from '../request-reply/caller-counters.js';
export type { RetryBudgetOptions } from '../request-reply/retry-budget.js';
export type {
  Awaitable,
  CallOptions,
  InterfaceDescription,
  ItemSource,
  ItemStream,
  Metadata,
  Semantics,
} from '../schema/description.js';
export {
  CallError,
  type CallErrorCode,
  type CallErrorOptions,
  callErrorCodes,
  DeclaredError,
  type Outcome,
  type UndeclaredErrorDetails,
} from '../schema/errors.js';
export type {
  CallEnd,
  ClientEvent,
  ClientEvents,
  DamageReason,
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
} from '../schema/events.js';
export {
  type CallReply,
  type InterceptedCall,
  type Interceptor,
  isCallOf,
  type NextInterceptor,
} from '../schema/interception.js';
export type { TransportCounters } from '../transport/transport.js';
export { type ConnectOptions, connect } from './connect.js';
