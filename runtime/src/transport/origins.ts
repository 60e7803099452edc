/** Which web pages may open a WebSocket: browsers ask no server before they do, unlike for other requests. */
import type { WebSocketRequest } from '../platform/platform.js';

/** Origins such as `https://app.example.org`, or a function that tells whether it admits one. */
export type Origins = readonly string[] | ((origin: string) => boolean);

/**
 * The check of the origin header (RFC 6455, section 10.2). Who is no browser sends none and may connect. Without
 * `origins` the pages of the same host and port may.
 *
 * @throws TypeError when one of `origins` is no origin, and so would never match
 */
export function createOriginCheck(origins?: Origins): (request: WebSocketRequest) => boolean {
  const admits = origins === undefined ? isSameHost : listed(origins);
  return ({ origin, host }) => origin === undefined || admits(origin, host);
}

function listed(origins: Origins): (origin: string) => boolean {
  if (typeof origins === 'function') return origins;
  for (const origin of origins) {
    if (origin !== 'null' && parsed(origin)?.origin !== origin) {
      throw new TypeError(
        `'${origin}' is not an origin: write https://HOST or https://HOST:PORT, and no more`,
      );
    }
  }
  return origin => origins.includes(origin);
}

function isSameHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && parsed(origin)?.host === host.toLowerCase();
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
