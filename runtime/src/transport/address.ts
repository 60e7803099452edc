/**
 * The addresses that `listen` and `connect` take: `udp://host:port`, `tcp://host:port`, these two secured as
 * `udps://host:port` and `tls://host:port`, `unix:path`, `memory:name`.
 */

export type Address =
  | { readonly scheme: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly scheme: SecuredScheme; readonly host: string; readonly port: number }
  | { readonly scheme: 'unix'; readonly path: string }
  | { readonly scheme: 'memory'; readonly name: string };

type SecuredScheme = 'udps' | 'tls';

const hostAndPort = /^(udps?|tcp|tls):\/\/(\[[^\]]+\]|[^:/?#[\]]+):(\d{1,5})\/?$/;
const socketPath = /^unix:(?:\/\/(?=\/))?([^\0]+)$/;
const memoryName = /^memory:(?:\/\/)?([^/?#]+)$/;

/** What `sockaddr_un` holds on macOS and the BSDs, without its final zero; Linux holds 4 bytes more. */
const longestPath = 103;

/** @throws TypeError when `text` is not an address that this version knows */
export function parseAddress(text: string): Address {
  const network = hostAndPort.exec(text);
  if (network !== null) {
    const port = Number(network[3]);
    if (port <= 65535) {
      return {
        scheme: network[1] as 'udp' | 'tcp' | SecuredScheme,
        host: withoutBrackets(network[2]!),
        port,
      };
    }
  }
  const unix = socketPath.exec(text);
  if (unix !== null) return { scheme: 'unix', path: checkedPath(unix[1]!) };
  const memory = memoryName.exec(text);
  if (memory !== null) return { scheme: 'memory', name: memory[1]! };
  throw new TypeError(
    `'${text}' is not an address: write udp://HOST:PORT, udps://, tcp:// or tls:// (ports 0 to 65535), unix:PATH or memory:NAME`,
  );
}

export function formatAddress(address: Address): string {
  switch (address.scheme) {
    case 'udp':
    case 'udps':
    case 'tcp':
    case 'tls':
      return `${address.scheme}://${withBrackets(address.host)}:${address.port}`;
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
