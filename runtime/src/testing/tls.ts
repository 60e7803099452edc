/**
 * TLS as simulated streams stand in for it. Certificates are declared and not signed, bytes travel as they are, and the
 * handshake takes no time beyond the connection's own: only who accepts whom, and whom each sees, is as with the real one.
 */
import { createHash, hkdfSync } from 'node:crypto';
import type {
  Certificate,
  KeyAndCertificate,
  Pem,
  TlsDialling,
  TlsListening,
  TlsSession,
} from '../platform/tls.js';
import { systemError } from './errors.js';

/** An authority whose certificates the hosts of simulated worlds use. */
export interface SimulatedAuthority {
  /** For the option `tls.ca` of those who trust it. */
  readonly ca: string;
  /**
   * Makes a key and a certificate for the options `tls.key` and `tls.cert`.
   *
   * @param name the common name; @param alternativeNames with their kinds: `DNS:server`. Default: the name as DNS name
   */
  issue(name: string, alternativeNames?: readonly string[]): KeyAndCertificate;
}

interface Declared {
  readonly authority: string;
  readonly commonName: string;
  readonly alternativeNames: readonly string[];
  readonly serial: number;
}

/** Makes an authority that hosts of a world may trust; it is known by its name alone. */
export function simulatedAuthority(name: string): SimulatedAuthority {
  let serial = 0;
  return {
    ca: name,
    issue: (commonName, alternativeNames = [`DNS:${commonName}`]) => {
      const declared: Declared = { authority: name, commonName, alternativeNames, serial: ++serial };
      const cert = JSON.stringify(declared);
      return { key: keyOf(cert), cert };
    },
  };
}

const fingerprintOf = (cert: string): string => createHash('sha256').update(cert).digest('hex');
const keyOf = (cert: string): string => `key of ${fingerprintOf(cert)}`;
const text = (pem: Pem): string => (typeof pem === 'string' ? pem : Buffer.from(pem).toString());

function refused(why: string): Error {
  return systemError('connect', 'EPROTO', why);
}

/** Checks a certificate as its receiver does. @throws Error with why it is refused */
function verify(whose: string, shown: KeyAndCertificate, trusted: TlsDialling['ca']): Certificate {
  const cert = text(shown.cert);
  if (text(shown.key) !== keyOf(cert)) throw refused(`${whose} certificate and key do not belong together`);
  const { authority, commonName, alternativeNames }: Declared = JSON.parse(cert);
  const authorities = (trusted === undefined ? [] : ([trusted].flat() as readonly Pem[])).map(text);
  if (!authorities.includes(authority))
    throw refused(`no authority that is trusted here signed ${whose} certificate`);
  return { commonName, alternativeNames, issuer: `CN=${authority}`, fingerprint: fingerprintOf(cert) };
}

function verifyServer(dialling: TlsDialling, listening: TlsListening): Certificate {
  const certificate = verify("the server's", listening, dialling.ca);
  const { serverName } = dialling;
  const isFor = ['DNS', 'IP Address'].some(kind =>
    certificate.alternativeNames.includes(`${kind}:${serverName}`),
  );
  if (!isFor) throw refused(`the server's certificate is not for ${serverName}`);
  return certificate;
}

function verifyClient({ key, cert }: TlsDialling, listening: TlsListening): Certificate | undefined {
  const { clientCertificates, ca } = listening;
  if (clientCertificates === 'none') return undefined;
  if (key !== undefined && cert !== undefined) return verify("this client's", { key, cert }, ca);
  if (clientCertificates === 'optional') return undefined;
  throw refused('the server requires a certificate of its clients');
}

/** What both ends of a connection see of each other. */
export interface Handshake {
  readonly near?: { readonly tls: TlsSession };
  readonly far?: { readonly tls: TlsSession };
}

/**
 * Secures a connection, or leaves it as it is where neither end wants that.
 *
 * @param random gives the secret that only the two ends have
 * @throws Error when one of them refuses the other
 */
export function shakeHands(
  dialling: TlsDialling | undefined,
  listening: TlsListening | undefined,
  random: (length: number) => Uint8Array,
): Handshake {
  if (dialling === undefined && listening === undefined) return {};
  if (dialling === undefined) throw systemError('read', 'ECONNRESET', 'the server speaks TLS only');
  if (listening === undefined) throw refused('the server does not speak TLS');
  const { protocol } = dialling;
  if (!listening.protocols.includes(protocol))
    throw refused(`the server does not speak ${protocol} over TLS`);
  const server = verifyServer(dialling, listening);
  const client = verifyClient(dialling, listening);
  const secret = random(32);
  const session = (certificate: Certificate | undefined): { readonly tls: TlsSession } => ({
    tls: {
      protocol,
      certificate,
      exportKey: (label, context, length) =>
        new Uint8Array(hkdfSync('sha256', secret, context, label, length)),
    },
  });
  return { near: session(server), far: session(client) };
}
