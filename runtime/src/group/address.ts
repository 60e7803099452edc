/**
 * Where a group is: `udp+multicast://239.255.0.1:7400?interface=127.0.0.1&ttl=0`, `udp://HOST:PORT,HOST:PORT,…` or
 * `tcp://HOST:PORT,HOST:PORT,…`.
 */
import { createHash } from 'node:crypto';
import type { SocketAddress } from '../platform/platform.js';

/** Where a group is, as an address is read. */
export type GroupAddress = MulticastAddress | ListAddress;

/** The members are those who joined the same multicast group. */
export interface MulticastAddress {
  /** Tells the forms apart. */
  readonly scheme: 'udp+multicast';
  /** The IPv4 multicast group. */
  readonly host: string;
  /** The port of the group; each member has another one for itself. */
  readonly port: number;
  /** The address of the interface by which multicasts leave and come; members are reached at it too. */
  readonly interface: string;
  /** How many routers a multicast may pass; 0: it stays on this machine. */
  readonly ttl: number;
  /** The longest packet in bytes; undefined: the transport's default. */
  readonly mtu: number | undefined;
}

/** Members are at known places, each at one of them. */
export interface ListAddress {
  /** Tells the forms apart. */
  readonly scheme: 'udp' | 'tcp';
  /** Where members may be; hosts are IP addresses or names. */
  readonly places: readonly SocketAddress[];
  /** Where this member is; undefined: at the first of the places at which it can be. */
  readonly bind: SocketAddress | undefined;
  /** As that of a multicast address. */
  readonly mtu: number | undefined;
}

/** An address, and what is to be said of it to whoever wrote it. */
export interface ParsedGroupAddress {
  readonly address: GroupAddress;
  /** Each a sentence that tells what is unwise about it. */
  readonly warnings: readonly string[];
}

/** What holds where an address does not say it. */
export interface GroupAddressDefaults {
  readonly interface: string;
  readonly ttl: number;
}

const localDefaults: GroupAddressDefaults = { interface: '127.0.0.1', ttl: 0 };
const multicastPort = 7400;
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const mtuBounds = [512, 65_000] as const;

const form = /^([a-z+]+):\/\/([^/?#]*)\/?(?:\?([^#]*))?$/;
const place = /^(\[[^\]]+\]|[^:/?#[\]@\s]+):(\d{1,5})$/;

/** What IANA keeps the blocks of 224.0.0.0/4 for ("IPv4 Multicast Address Space Registry"), lowest first. */
const reserved: readonly (readonly [first: string, last: string, use: string])[] = [
  ['224.0.0.0', '224.0.0.255', 'routing protocols, whatever its TTL is (Local Network Control Block)'],
  ['224.0.1.0', '224.0.1.255', 'protocols that cross networks, such as NTP (Internetwork Control Block)'],
  ['224.0.2.0', '224.0.255.255', 'applications registered one by one (AD-HOC Block I)'],
  ['224.1.0.0', '224.1.255.255', 'later use'],
  ['224.2.0.0', '224.2.255.255', 'announced sessions (SDP/SAP Block)'],
  ['224.3.0.0', '224.4.255.255', 'applications registered one by one (AD-HOC Block II)'],
  ['224.5.0.0', '231.255.255.255', 'later use'],
  ['232.0.0.0', '232.255.255.255', 'multicast from one known source (Source-Specific Multicast)'],
  ['233.252.0.0', '233.255.255.255', 'applications registered one by one (AD-HOC Block III)'],
  ['235.0.0.0', '238.255.255.255', 'later use'],
  ['239.255.255.250', '239.255.255.250', 'the discovery of devices (SSDP)'],
];

/**
 * @param group the group's name, from which an address follows where none is given
 * @throws TypeError when `text` is no address of a group
 */
export function parseGroupAddress(
  text: string,
  group: string,
  defaults: GroupAddressDefaults = localDefaults,
): ParsedGroupAddress {
  const [, scheme, authority = '', query] = form.exec(text) ?? [];
  const fail = (what: string): never => {
    throw new TypeError(`'${text}' is not the address of a group: ${what}`);
  };
  const options = (names: readonly string[]): URLSearchParams => {
    const given = new URLSearchParams(query ?? '');
    for (const name of given.keys()) {
      if (!names.includes(name)) fail(`it has an option '${name}'; known are ${names.join(', ')}`);
      if (given.getAll(name).length > 1) fail(`it says '${name}' twice`);
    }
    return given;
  };
  const wholeNumber = (
    given: string | null,
    name: string,
    least: number,
    most: number,
  ): number | undefined => {
    if (given === null) return undefined;
    const value = Number(given);
    if (!/^\d+$/.test(given) || value < least || value > most) {
      fail(`${name} is a whole number from ${least} to ${most}, not '${given}'`);
    }
    return value;
  };
  const placeOf = (written: string): SocketAddress =>
    readPlace(written) ?? fail(`write HOST:PORT instead of '${written}'`);

  if (scheme === 'udp+multicast') {
    const given = options(['interface', 'ttl', 'mtu']);
    const derived = derivedPlace(group);
    const at =
      authority === ''
        ? derived
        : placeOf(authority.includes(':') ? authority : `${authority}:${multicastPort}`);
    if (!isMulticastAddress(at.host)) {
      fail(
        `'${at.host}' is not in 224.0.0.0/4; take one of 239.0.0.0/8, or none: one follows from the group's name then`,
      );
    }
    if (at.port === 0) fail('all members need the same port; take one from 1 to 65535');
    const from = given.get('interface') ?? defaults.interface;
    if (!ipv4.test(from) || from === '0.0.0.0' || isMulticastAddress(from)) {
      fail(`interface is the IPv4 address of one of this machine's interfaces, not '${from}'`);
    }
    return {
      address: {
        scheme,
        ...at,
        interface: from,
        ttl: wholeNumber(given.get('ttl'), 'ttl', 0, 255) ?? defaults.ttl,
        mtu: wholeNumber(given.get('mtu'), 'mtu', ...mtuBounds),
      },
      warnings: warningsOf(at.host),
    };
  }
  if (scheme === 'udp' || scheme === 'tcp') {
    const given = options(['bind', 'mtu']);
    const places = authority.split(',').map(placeOf);
    const bind = given.get('bind');
    return {
      address: {
        scheme,
        places,
        bind: bind === null ? undefined : placeOf(bind),
        mtu: wholeNumber(given.get('mtu'), 'mtu', ...mtuBounds),
      },
      warnings: [],
    };
  }
  return fail(
    'write udp+multicast://GROUP:PORT?interface=ADDRESS&ttl=N, udp://HOST:PORT,… or tcp://HOST:PORT,…',
  );
}

function readPlace(text: string): SocketAddress | undefined {
  const [, host, port] = place.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/**
 * A place where a member may be: `host:port`, `10.0.0.1:7000`, `[2001:db8::1]:7000`.
 *
 * @throws TypeError when `text` is none
 */
export function parsePlace(text: string): SocketAddress {
  const found = readPlace(text);
  if (found === undefined) throw new TypeError(`'${text}' is not a place of a member: write HOST:PORT`);
  return found;
}

/** Whether an IPv4 address is in 224.0.0.0/4. */
export function isMulticastAddress(host: string): boolean {
  return ipv4.test(host) && Number(host.split('.')[0]) >> 4 === 14;
}

/** In 239.255.0.0/16, which stays within a site (RFC 2365), and below the ports that systems give away by themselves. */
function derivedPlace(group: string): SocketAddress {
  const hash = createHash('sha256').update(`convoke group address ${group}`).digest();
  // 239.255.255.0/24 has addresses that are relative to the scope, which other protocols use.
  const host = `239.255.${hash[0]! % 255}.${hash[1]!}`;
  return { host, port: 16_384 + (hash.readUInt16BE(2) % 16_384) };
}

function warningsOf(host: string): string[] {
  const value = numberOf(host);
  const found = reserved.find(([first, last]) => numberOf(first) <= value && value <= numberOf(last));
  if (found === undefined) return [];
  return [`the multicast address ${host} is reserved for ${found[2]}; take one of 239.255.0.0/16`];
}

function numberOf(host: string): number {
  return host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
