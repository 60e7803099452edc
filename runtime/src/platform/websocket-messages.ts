/** How a stream of bytes is cut into WebSocket messages, in Node as in a page. */

/** No side sends a longer message, and none takes one: what a peer can make the other hold is bounded by it. */
export const longestMessage = 64 * 1024;

/** How many bytes may wait in a socket before `write` says that it is full, as with TCP sockets. */
export const highWaterMark = 64 * 1024;

/** A connection that is not open after so many milliseconds is given up. */
export const handshakePatience = 10_000;

/** Why a connection was closed (RFC 6455, section 7.4.1). */
export const CloseCode = { normal: 1000, goingAway: 1001, unsupportedData: 1003, none: 1005 } as const;

const peaceful: ReadonlySet<number> = new Set([CloseCode.normal, CloseCode.goingAway, CloseCode.none]);

/** Calls back with the messages that carry `bytes`. */
export function eachMessage(bytes: Uint8Array, send: (message: Uint8Array) => void): void {
  for (let at = 0; at < bytes.length; at += longestMessage) send(bytes.subarray(at, at + longestMessage));
}

/** What the owner of a connection is told that was closed with this code; null when nothing was wrong. */
export function closeError(code: number): Error | null {
  if (peaceful.has(code)) return null;
  return new Error(`the WebSocket was closed with code ${code}`);
}
