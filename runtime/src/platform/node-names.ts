import { lookup, resolveSrv } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { NameService } from './platform.js';

/** `getaddrinfo` asks for A and AAAA records, and knows /etc/hosts; SRV records come from the name servers alone. */
export const nodeNames: NameService = {
  async lookup(host) {
    if (isIP(host)) return [host];
    const found = await lookup(host, { all: true, order: 'ipv4first' });
    return [...new Set(found.map(({ address }) => address))];
  },
  async services(name) {
    const found = await resolveSrv(name);
    return found.map(({ name: host, port, priority, weight }) => ({ host, port, priority, weight }));
  },
};
