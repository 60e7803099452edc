/** What a web page gets that imports `@convoke/runtime`: the client's half, over WebSockets. */
export type { Channel } from '../client/channel.js';
export { type DeclaredErrorsOf, type SafeClient, type SafeResult, safe } from '../client/safe.js';
export type { CallerCounters } from '../request-reply/caller.js';
export type {
  Awaitable,
  CallOptions,
  InterfaceDescription,
  Metadata,
  Semantics,
} from '../schema/description.js';
export {
  CallError,
  type CallErrorCode,
  DeclaredError,
  type Outcome,
  type UndeclaredErrorDetails,
} from '../schema/errors.js';
export { type ConnectOptions, connect } from './connect.js';
