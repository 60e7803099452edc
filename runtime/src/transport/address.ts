/** The addresses that `listen` and `connect` take: `udp://host:port`, `tcp://host:port`, `memory:name`. */

export type Address =
  | { readonly scheme: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly scheme: 'memory'; readonly name: string };

const hostAndPort = /^(udp|tcp):\/\/(\[[^\]]+\]|[^:/?#[\]]+):(\d{1,5})\/?$/;
const memoryName = /^memory:(?:\/\/)?([^/?#]+)$/;

/** @throws TypeError when `text` is not an address that this version knows */
export function parseAddress(text: string): Address {
  const network = hostAndPort.exec(text);
  if (network !== null) {
    const port = Number(network[3]);
    if (port <= 65535) {
      return { scheme: network[1] as 'udp' | 'tcp', host: withoutBrackets(network[2]!), port };
    }
  }
  const memory = memoryName.exec(text);
  if (memory !== null) return { scheme: 'memory', name: memory[1]! };
  throw new TypeError(
    `'${text}' is not an address: write udp://HOST:PORT, tcp://HOST:PORT (ports 0 to 65535) or memory:NAME`,
  );
}

export function formatAddress(scheme: 'udp' | 'tcp', host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
