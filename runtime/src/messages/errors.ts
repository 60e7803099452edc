/** How an endpoint fails. */

/** What is known of a failure beside its message. */
export interface EndpointErrorOptions extends ErrorOptions {
  /** One of the codes of `EndpointError`. */
  readonly code: string;
  /** What the sender may conclude. */
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
  /** `EndpointError`. Also tells these errors apart where two copies of this package make `instanceof` fail. */
  override readonly name = 'EndpointError';
  /** What went wrong, for programs: one of the table above. */
  readonly code: string;
  /** What the sender may conclude: the receiver did not get the message, or nobody knows. */
  readonly taken: 'no' | 'unknown';

  /** Made by endpoints only; programs catch it. */
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
