/** How applications say whom they trust and who they are, and what the runtime makes of it. */
import type {
  Certificate,
  ClientCertificates,
  KeyAndCertificate,
  Pem,
  TlsDialling,
  TlsListening,
} from '../platform/tls.js';
import type { Principal } from '../schema/description.js';

/** Of a client: how it secures `tls:`, `udps:` and `wss:`. The server's certificate is verified in any case. */
export interface ClientTls extends Partial<KeyAndCertificate> {
  /** Authorities that may vouch for the server, instead of those that Node.js trusts. */
  readonly ca?: Pem | readonly Pem[];
  /** What the server's certificate must be for, where that is not the address's host. */
  readonly serverName?: string;
}

/** Of a server: how it secures `tls:`, `udps:` and `wss:`. */
export interface ServerTls extends KeyAndCertificate {
  /** Authorities that may vouch for clients. */
  readonly ca?: Pem | readonly Pem[];
  /** Default: `required` where `ca` is given, else `none`. */
  readonly clientCertificates?: ClientCertificates;
  /**
   * Chooses a client's name from its certificate. Default: the first of its URIs, else of its DNS names, else the common
   * name. What it throws refuses the client, as a certificate without any name does.
   */
  readonly principal?: (certificate: Certificate) => string;
}

/** @throws TypeError when the options are incomplete */
export function checkedClientTls(tls: ClientTls | undefined): ClientTls | undefined {
  if ((tls?.key === undefined) === (tls?.cert === undefined)) return tls;
  throw new TypeError('tls.key and tls.cert belong together: give both of them, or neither');
}

export function diallingTls(tls: ClientTls | undefined, host: string, protocol: string): TlsDialling {
  return { ...tls, serverName: tls?.serverName ?? host, protocol };
}

/** @throws TypeError when the options are incomplete, or would let in everybody whom any public authority has signed */
export function listeningTls(
  tls: ServerTls | undefined,
  address: string,
  protocols: readonly string[],
): TlsListening {
  if (tls?.key === undefined || tls.cert === undefined)
    throw new TypeError(`${address} needs the option 'tls' with 'key' and 'cert'`);
  const { key, cert, ca, clientCertificates = ca === undefined ? 'none' : 'required' } = tls;
  if (ca === undefined && clientCertificates !== 'none')
    throw new TypeError(`tls.clientCertificates: '${clientCertificates}' needs tls.ca: whom to believe`);
  return { key, cert, ca, clientCertificates, protocols };
}

/** Who the peer is. @throws whatever the application's own choice throws, Error when the certificate has no name */
export function principalOf(
  certificate: Certificate | undefined,
  choose: ServerTls['principal'] = nameOf,
): Principal | undefined {
  return certificate === undefined ? undefined : { name: choose(certificate), certificate };
}

function nameOf({ alternativeNames, commonName }: Certificate): string {
  for (const kind of ['URI:', 'DNS:']) {
    const found = alternativeNames.find(each => each.startsWith(kind));
    if (found !== undefined) return found.slice(kind.length);
  }
  if (commonName === undefined)
    throw new Error('the certificate has neither a URI, a DNS name nor a common name');
  return commonName;
}

/** Whether what belongs to one of them may be had by the other. A renewed certificate has the same name. */
export function isSamePrincipal(one: Principal | undefined, other: Principal | undefined): boolean {
  return one?.name === other?.name;
}
