/** What a platform's streams need to know for TLS (RFC 8446), and what they tell of the other end. */

/** Keys and certificates as text in PEM (RFC 7468), or its bytes. */
export type Pem = string | Uint8Array;

/**
 * Of a certificate whose key the peer was shown to have, and that an authority signed which this side trusts. Nothing
 * else of it is known here.
 */
export interface Certificate {
  /** The subject's common name; absent when it has none, or several. */
  readonly commonName?: string;
  /** With their kinds before them, as in `DNS:bank.example.org`, `URI:spiffe://example.org/bank`, `IP Address:::1`. */
  readonly alternativeNames: readonly string[];
  /** The distinguished name of the authority that signed it, an attribute a line: `O=Example\nCN=Example CA`. */
  readonly issuer: string;
  /** The SHA-256 of the whole certificate, 64 hexadecimal digits. */
  readonly fingerprint: string;
}

/** Whether a server asks its clients for a certificate; a certificate that cannot be verified is refused in any case. */
export type ClientCertificates = 'required' | 'optional' | 'none';

/** One end's own key and the certificates that belong to it: its own first, then those between it and the authority. */
export interface KeyAndCertificate {
  /** The private key; of no certificate but the first one of `cert`. */
  readonly key: Pem;
  /** The certificates, one after the other. */
  readonly cert: Pem;
}

/** How a connection is secured by who opens it. The server's certificate is always verified. */
export interface TlsDialling extends Partial<KeyAndCertificate> {
  /** The authorities of servers; absent: those that the system's operators trust. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** The name or IP address that the server's certificate must be for. */
  readonly serverName: string;
  /** What is spoken inside (ALPN, RFC 7301). A server that speaks something else is refused. */
  readonly protocol: string;
}

/** How connections are secured by who accepts them. */
export interface TlsListening extends KeyAndCertificate {
  /** The authorities of clients. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** Whether clients are to show who they are. */
  readonly clientCertificates: ClientCertificates;
  /** What is spoken inside (ALPN, RFC 7301). A client that offers none of it is refused. */
  readonly protocols: readonly string[];
}

/** What TLS tells of a connection. */
export interface TlsSession {
  /** What both ends speak inside. */
  readonly protocol: string;
  /** The peer's; absent when a client showed none. */
  readonly certificate: Certificate | undefined;
  /**
   * Bytes that both ends of this connection get, and nobody else (RFC 8446, section 7.5).
   *
   * @param label says what they are for; @param context says it more narrowly
   */
  exportKey(label: string, context: Uint8Array, length: number): Uint8Array;
}
