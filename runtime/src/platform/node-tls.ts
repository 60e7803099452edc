/** TLS 1.3 by `node:tls`, and what it tells of certificates. */
import { isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createServer,
  type Server,
  type TLSSocket,
} from 'node:tls';
import { codeOf } from './node-socket-file.js';
import type { SocketAddress, SocketPath } from './platform.js';
import type { Certificate, KeyAndCertificate, Pem, TlsDialling, TlsListening, TlsSession } from './tls.js';

/** Milliseconds after which a handshake is given up. */
const patience = 10_000;

/** Either end speaks nothing older, so that there is nothing to be talked down to. */
const version = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** What OpenSSL means by its codes, in the words of whom it concerns. */
const explanations: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "the server's certificate is signed by itself: give it as tls.ca if it is the right one",
  SELF_SIGNED_CERT_IN_CHAIN:
    "no authority that is trusted here signed the server's certificate: name one by tls.ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "no authority that is trusted here signed the server's certificate: name one by tls.ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "no authority that is trusted here signed the server's certificate: name one by tls.ca",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: are the clocks right?",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'the server requires a certificate of its clients: give one by tls.key and tls.cert',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    "the server does not trust the authority that signed this client's certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the server refused this client's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "this client's certificate has expired",
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'the server does not speak this protocol over TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS',
};

/** The same error, said so that a reader knows what to do; its `code` and what OpenSSL said are kept. */
export function explain(error: Error): Error {
  const code = codeOf(error);
  const explanation = code === undefined ? undefined : explanations[code];
  return explanation === undefined
    ? error
    : Object.assign(new Error(explanation, { cause: error }), { code });
}

const several = (pems: Pem | readonly Pem[]): (string | Buffer)[] =>
  (Array.isArray(pems) ? pems : [pems]).map(native);

const native = (pem: Pem): string | Buffer => (typeof pem === 'string' ? pem : Buffer.from(pem));

function secrets({ key, cert, ca }: Partial<KeyAndCertificate> & Pick<TlsDialling, 'ca'>) {
  return {
    ...(key === undefined ? {} : { key: native(key) }),
    ...(cert === undefined ? {} : { cert: native(cert) }),
    ...(ca === undefined ? {} : { ca: several(ca) }),
  };
}

/** What `node:tls` is to be told to secure a connection so. */
export function connectionOptions(tls: TlsDialling): ConnectionOptions {
  const { serverName, protocol } = tls;
  return {
    ...secrets(tls),
    ...version,
    ALPNProtocols: [protocol],
    // RFC 6066, section 3: an IP address is never sent as a name.
    servername: isIP(serverName) ? '' : serverName,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
  };
}

/**
 * Rejects when there is no connection, or the server is not who it should be.
 *
 * @param connected takes over the socket, with its errors
 */
export function connectTls<T>(
  address: SocketAddress | SocketPath,
  tls: TlsDialling,
  connected: (socket: Socket, session: TlsSession) => T,
): Promise<T> {
  const { protocol } = tls;
  const options = { ...(address as TcpNetConnectOpts), ...connectionOptions(tls) };
  return new Promise((resolve, reject) => {
    const socket = connect(options);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(explain(error));
    };
    socket.setNoDelay(true);
    socket.setTimeout(patience, () => fail(silence()));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== protocol) {
        fail(new Error(`the server does not speak ${protocol} over TLS`));
        return;
      }
      socket.setTimeout(0);
      socket.off('error', fail);
      resolve(connected(socket, sessionOf(socket)));
    });
  });
}

function silence(): Error {
  return Object.assign(new Error(`the server did not finish the TLS handshake within ${patience} ms`), {
    code: 'ETIMEDOUT',
  });
}

/** A server that hands over connections when they are secured. @throws TypeError when key or certificate are not usable */
export function createTlsServer(
  tls: TlsListening,
  socketOptions: { readonly noDelay: boolean },
  accept: (socket: Socket, session: TlsSession) => void,
): { readonly server: Server; readonly renew: (renewed: KeyAndCertificate) => void } {
  const { clientCertificates, protocols } = tls;
  const options = {
    ...secrets(tls),
    ...version,
    ...socketOptions,
    handshakeTimeout: patience,
    ALPNProtocols: [...protocols],
    requestCert: clientCertificates !== 'none',
    rejectUnauthorized: clientCertificates === 'required',
  };
  const server = usable(() => createServer(options));
  server.on('secureConnection', socket => {
    // Where a certificate may be missing, Node leaves it to us to refuse one that is there and wrong.
    const isForged = !socket.authorized && socket.getPeerX509Certificate() !== undefined;
    if (socket.alpnProtocol && !isForged) accept(socket, sessionOf(socket));
    else socket.destroy();
  });
  return {
    server,
    renew: renewed => usable(() => server.setSecureContext({ ...options, ...secrets(renewed) })),
  };
}

function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new TypeError(`key and certificate for TLS cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

export function sessionOf(socket: TLSSocket): TlsSession {
  return {
    protocol: socket.alpnProtocol || '',
    certificate: certificateOf(socket),
    exportKey: (label, context, length) => socket.exportKeyingMaterial(length, label, Buffer.from(context)),
  };
}

/** The peer's certificate, if it is to be believed. */
function certificateOf(socket: TLSSocket): Certificate | undefined {
  const x509 = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (x509 === undefined) return undefined;
  const commonName: unknown = x509.toLegacyObject().subject?.CN;
  return {
    ...(typeof commonName === 'string' ? { commonName } : {}),
    alternativeNames: alternativeNamesOf(x509.subjectAltName ?? ''),
    issuer: x509.issuer,
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** Node writes names one after another, and those that could pass for several as strings of JSON (CVE-2021-44532). */
const alternativeName = /([^:]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

export function alternativeNamesOf(text: string): string[] {
  const names: string[] = [];
  for (const [, kind, value] of text.matchAll(alternativeName)) {
    names.push(`${kind}:${value!.startsWith('"') ? JSON.parse(value!) : value}`);
  }
  return names;
}
