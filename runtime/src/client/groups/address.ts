/** The addresses of open groups: `group://HOST:PORT,HOST:PORT/NAME`, where members take calls from outside. */
import { parseTarget, type Target } from '../balancing/target.js';

/** Where members of a group are called from outside, and which group it is. */
export interface GroupTarget {
  readonly name: string;
  readonly targets: readonly Target[];
}

const pattern = /^group(?:\+(udp|udps|tcp|tls))?:\/\/([^/]+)\/([^/?#]+)$/;

export function isGroupAddress(text: string): boolean {
  return /^group(\+\w+)?:/.test(text);
}

/** @throws TypeError when `text` is not such an address */
export function parseGroupTarget(text: string): GroupTarget {
  const parts = pattern.exec(text);
  if (parts === null) {
    throw new TypeError(
      `'${text}' is not the address of an open group: write group://HOST:PORT,HOST:PORT/NAME, ` +
        'or group+tcp://, group+tls:// or group+udps://',
    );
  }
  const [, scheme = 'udp', places, name] = parts;
  const targets = places!.split(',').map(place => parseTarget(`${scheme}://${place}`));
  return { name: decodeURIComponent(name!), targets };
}
