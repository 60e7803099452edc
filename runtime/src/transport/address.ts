/**
 * The addresses that `listen` and `connect` take: `udp://host:port`, `tcp://host:port`, `ws://host:port/path`, these three
 * secured as `udps://host:port`, `tls://host:port`, `wss://host:port/path`; `unix:path`, `memory:name`.
 */

export type NetworkScheme = 'udp' | 'udps' | 'tcp' | 'tls';

export type Address =
  | { readonly scheme: NetworkScheme; readonly host: string; readonly port: number }
  | WebAddress
  | { readonly scheme: 'unix'; readonly path: string }
  | { readonly scheme: 'memory'; readonly name: string };

/** Of a WebSocket. The host may be a name, which HTTP and TLS want to know. */
export interface WebAddress {
  readonly scheme: 'ws' | 'wss';
  readonly host: string;
  readonly port: number;
  /** Begins with a slash. */
  readonly path: string;
}

const hostAndPort = /^(udps?|tcp|tls):\/\/(\[[^\]]+\]|[^:/?#[\]]+):(\d{1,5})\/?$/;
const webUrl = /^(wss?):\/\/(\[[^\]]+\]|[^:/?#[\]@\s]+)(?::(\d{1,5}))?(\/[^?#\s]*)?$/;
const socketPath = /^unix:(?:\/\/(?=\/))?([^\0]+)$/;
const memoryName = /^memory:(?:\/\/)?([^/?#]+)$/;

/** Where a URL names no port (RFC 6455, section 3). */
const webPorts = { ws: 80, wss: 443 } as const;

/** What `sockaddr_un` holds on macOS and the BSDs, without its final zero; Linux holds 4 bytes more. */
const longestPath = 103;

/** @throws TypeError when `text` is not an address that this version knows */
export function parseAddress(text: string): Address {
  const network = hostAndPort.exec(text);
  if (network !== null) {
    const port = Number(network[3]);
    if (port <= 65535) {
      return { scheme: network[1] as NetworkScheme, host: withoutBrackets(network[2]!), port };
    }
  }
  const web = webUrl.exec(text);
  if (web !== null) {
    const scheme = web[1] as 'ws' | 'wss';
    const port = Number(web[3] ?? webPorts[scheme]);
    if (port <= 65535) return { scheme, host: withoutBrackets(web[2]!), port, path: web[4] ?? '/' };
  }
  const unix = socketPath.exec(text);
  if (unix !== null) return { scheme: 'unix', path: checkedPath(unix[1]!) };
  const memory = memoryName.exec(text);
  if (memory !== null) return { scheme: 'memory', name: memory[1]! };
  throw new TypeError(
    `'${text}' is not an address: write udp://HOST:PORT, udps://, tcp:// or tls:// (ports 0 to 65535), ` +
      'ws://HOST:PORT/PATH or wss://, unix:PATH or memory:NAME',
  );
}

export function formatAddress(address: Address): string {
  switch (address.scheme) {
    case 'udp':
    case 'udps':
    case 'tcp':
    case 'tls':
      return `${address.scheme}://${withBrackets(address.host)}:${address.port}`;
    case 'ws':
    case 'wss':
      return `${address.scheme}://${withBrackets(address.host)}:${address.port}${address.path === '/' ? '' : address.path}`;
    case 'unix':
      return `unix:${address.path}`;
    case 'memory':
      return `memory:${address.name}`;
  }
}

/** Checked here because some systems cut a longer path off in silence. */
function checkedPath(path: string): string {
  const length = Buffer.byteLength(path);
  if (length <= longestPath) return path;
  throw new TypeError(
    `the path of 'unix:${path}' has ${length} bytes, but that of a socket has ${longestPath} at most: ` +
      'put the socket into another folder, or write the path relative to the working directory',
  );
}

function withBrackets(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
