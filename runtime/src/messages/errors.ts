/** How an endpoint fails. */

export interface EndpointErrorOptions extends ErrorOptions {
  readonly code: string;
  readonly taken: 'no' | 'unknown';
}

/**
 * A message could not be sent, or none can be received any more. Its text says what to do.
 *
 * | code | |
 * | --- | --- |
 * | `ETIMEDOUT` | a synchronous send was not taken in time |
 * | `ECONNRESET` | the connection broke, or the receiver was started anew |
 * | `EMSGSIZE` | the message is longer than what can be sent |
 * | `ENOBUFS` | too many synchronous sends to one receiver have no end yet |
 * | `ECANCELED` | the endpoint was closed |
 *
 * and the system's own, such as `ECONNREFUSED` and `ENOTFOUND`, where the receiver cannot be reached.
 */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
  readonly code: string;
  /** What the sender may conclude: the receiver did not get the message, or nobody knows. */
  readonly taken: 'no' | 'unknown';

  constructor(message: string, { code, taken, ...options }: EndpointErrorOptions) {
    super(message, options);
    this.code = code;
    this.taken = taken;
  }
}

/** What becomes of that which an endpoint leaves unfinished when it is closed. */
export function closedError(taken: 'no' | 'unknown'): EndpointError {
  return new EndpointError('the endpoint was closed: open another one', { code: 'ECANCELED', taken });
}
