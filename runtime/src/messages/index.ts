/**
 * Plain interprocess communication: messages between endpoints, without procedures and without a schema
 * (Coulouris et al., *Distributed Systems*, section 4.2).
 *
 * @packageDocumentation
 */
export type { EndpointOptions } from './bounds.js';
export { type Endpoint, type EndpointStats, openEndpoint, type SendOptions } from './endpoint.js';
export { EndpointError, type EndpointErrorOptions } from './errors.js';
export type { Message, MessageListener } from './inbox.js';
