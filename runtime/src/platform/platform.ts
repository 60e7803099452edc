import type { KeyAndCertificate, TlsDialling, TlsListening, TlsSession } from './tls.js';

/**
 * All that the runtime takes from the world outside: time, randomness and sockets. `nodePlatform` is the real one;
 * `simulate()` of `@convoke/runtime/testing` gives each simulated host its own.
 */
export interface Platform {
  /** Time and timers. */
  readonly clock: Clock;
  /** Ids, secrets and jitter. */
  readonly random: Random;
  /** UDP. */
  readonly datagrams: DatagramSockets;
  /** TCP and Unix domain sockets. */
  readonly streams: StreamSockets;
  /** Host names and services. */
  readonly names: NameService;
  /** Streams of bytes over HTTP. */
  readonly webSockets: WebSockets;
}

/** Time, and what is done later. */
export interface Clock {
  /** Monotonic time in milliseconds, with fractions, from an arbitrary start. Deadlines and timers use this. */
  now(): number;
  /** Wall-clock time in milliseconds since 1970. It may jump; nothing in the protocol depends on it. */
  wallTime(): number;
  /** Calls back once, after `delay` milliseconds. */
  setTimer(delay: number, callback: () => void): Timer;
  /** Calls back when the current turn's work is done, before time passes: where the frames of one tick are sent. */
  defer(callback: () => void): void;
  /** Calls back when the input that waits has been read: where the answers to many datagrams are gathered. */
  afterInput(callback: () => void): void;
}

/** A timer that is set. */
export interface Timer {
  /** Does nothing when it has called back already. */
  cancel(): void;
  /** Lets the process end although this timer is still set. */
  unref(): void;
}

/** A source of random numbers. */
export interface Random {
  /** `length` unpredictable bytes: ids, tokens and keys. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1): jitter and choices, not secrets. */
  next(): number;
}

/** Where a socket is bound or a packet comes from. `host` is an IP address, never a name. */
export interface SocketAddress {
  /** `127.0.0.1`, `::1`. */
  readonly host: string;
  /** 1 to 65535, in sockets that have one. */
  readonly port: number;
}

/** The domain name system, as this machine sees it. */
export interface NameService {
  /**
   * The IP addresses of a host name (A and AAAA records), in the order in which to try them; of an IP address, itself.
   * Rejects with the system's error (`ENOTFOUND`, …) when the name is not known.
   */
  lookup(host: string): Promise<readonly string[]>;
  /** The SRV records (RFC 2782) of a service's name. Rejects with the system's error when there are none. */
  services(name: string): Promise<readonly ServiceRecord[]>;
}

/** An SRV record: where one server of a service is. */
export interface ServiceRecord {
  /** A host name. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Servers of a higher number are used only where all of a lower number are out of reach. */
  readonly priority: number;
  /** How large a share this server has among those of the same priority. */
  readonly weight: number;
}

/** Makes UDP sockets. */
export interface DatagramSockets {
  /** Binds a UDP socket. Rejects with the system's error (`EADDRINUSE`, …). */
  open(options: DatagramOptions): Promise<DatagramSocket>;
  /** The IP address of a host name; an IP address is returned as it is. Rejects when the name is not known. */
  resolve(host: string): Promise<string>;
  /** The bytes of the longest datagram that this system sends. Default: what IPv4 and UDP carry, 65,507. */
  readonly longest?: number;
}

/** Where a UDP socket is bound, and who is told of what comes. */
export interface DatagramOptions {
  /** Default: all interfaces, IPv4. */
  readonly host?: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Several sockets may bind the same port, as multicast receivers do. */
  readonly reuseAddress?: boolean;
  /** Called for each datagram. The bytes belong to the receiver and are not written again. */
  readonly onMessage: (message: Buffer, from: SocketAddress) => void;
  /** Errors of the socket that belong to no send, such as an ICMP answer. The socket stays usable. */
  readonly onError?: (error: Error) => void;
}

/** A bound UDP socket. */
export interface DatagramSocket {
  /** Where it is bound, with the port that was taken. */
  readonly address: SocketAddress;
  /**
   * Hands a datagram to the socket. The bytes must not be changed until `sent` is called, which tells whether the
   * system took it, not whether it arrived.
   */
  send(message: Uint8Array, to: SocketAddress, sent?: (error: Error | null) => void): void;
  /** How many bytes were handed over that the system has not taken yet; 0 once it is closed. */
  readonly unsent: number;
  /** Joins a multicast group on the interface with this address. */
  joinGroup(group: string, interfaceAddress: string): void;
  /** Undoes a `joinGroup` with the same arguments. */
  leaveGroup(group: string, interfaceAddress: string): void;
  /** How many routers a multicast datagram may pass; 0 keeps it on this machine. */
  setMulticastTtl(ttl: number): void;
  /** The interface by which multicast datagrams leave. */
  setMulticastInterface(interfaceAddress: string): void;
  /** Whether this host's own sockets receive what it multicasts. */
  setMulticastLoopback(on: boolean): void;
  /** Nothing is called back after this. */
  close(): void;
}

/** Where a Unix domain socket is: the path of its file. */
export interface SocketPath {
  /** The system bounds its length: to 107 bytes on Linux. */
  readonly path: string;
}

/** TCP sockets by host and port, Unix domain sockets by path. */
export interface StreamSockets {
  /**
   * Listens for connections. Rejects with the system's error (`EADDRINUSE`, …). A socket file at which nobody listens
   * any more is replaced.
   */
  listen(options: StreamListenOptions): Promise<StreamListener>;
  /**
   * Rejects with the system's error (`ECONNREFUSED`, `ETIMEDOUT`, …), whose `code` is kept, and with the signal's reason
   * when that is aborted before.
   */
  connect(address: SocketAddress | SocketPath, options?: StreamConnectOptions): Promise<StreamSocket>;
}

/** How a connection is opened. */
export interface StreamConnectOptions {
  /** Gives up to connect. Heeded where the connection is not secured. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Secures the connection, which is there when the server has shown its certificate and it was verified. Whether the
   * server takes the client's shows when something comes from it, or the connection breaks.
   */
  readonly tls?: TlsDialling;
}

/** Host absent: all interfaces, IPv4. Port 0 or absent: any free port. */
export type StreamListenOptions = (Partial<SocketAddress> | SocketPath) & {
  /** The handlers of the accepted socket are to be set before this returns. */
  readonly onConnection: (socket: StreamSocket) => void;
  /** Secures each connection before it is handed over; clients that do not hold to it are dropped. */
  readonly tls?: TlsListening;
};

/** Waits for connections. */
export interface StreamListener {
  /** Of a Unix domain socket: its path as the host, and port 0. */
  readonly address: SocketAddress;
  /** Secures later connections with another certificate; only of a listener with TLS. @throws TypeError if it is none */
  renew?(renewed: KeyAndCertificate): void;
  /** Stops to accept, and removes the socket file; accepted connections live on. */
  close(): void;
}

/** One end of a connection. */
export interface StreamSocket {
  /** Both ends of a Unix domain socket have its path as the host, and port 0. */
  readonly local: SocketAddress;
  /** The other end, as this one sees it. */
  readonly remote: SocketAddress;
  /** Of a connection that TLS secures. */
  readonly tls?: TlsSession;
  /** Set by the owner. The bytes belong to the receiver and are not written again. */
  onData: (chunk: Buffer) => void;
  /** Set by the owner; called once, when the connection is gone for whatever reason but `destroy`. */
  onClose: (error: Error | null) => void;
  /** Set by the owner; called when a socket that was full has room again. */
  onDrain: () => void;
  /** Hands bytes over, which must not be changed afterwards. False: the socket is full, wait for `onDrain`. */
  write(chunk: Uint8Array): boolean;
  /** Lets what arrives wait in the system, so that the other end comes to be full. A little may still be called back. */
  pause(): void;
  /** Undoes `pause`. */
  resume(): void;
  /** Ends the stream once what was written is sent. */
  end(): void;
  /** Drops the connection at once; nothing is called back after this. */
  destroy(): void;
}

/**
 * WebSockets (RFC 6455) as streams of bytes: what is written leaves in binary messages, and those that arrive are read one
 * after the other, wherever the bytes were cut. A message of text, or one of more than 64 KiB, ends the connection.
 */
export interface WebSockets {
  /** Rejects with the system's error (`ECONNREFUSED`, …), or one that tells why the server refused. */
  connect(address: WebSocketAddress): Promise<StreamSocket>;
  /** Listens at an IP address and a port, 0 for any free one. Rejects with the system's error where it is taken. */
  listen(address: SocketAddress, options: WebSocketListenOptions): Promise<StreamListener>;
  /** Takes the upgrade requests of an HTTP server; its other listeners may take those for other paths. */
  attach(server: HttpServer, options: WebSocketListenOptions): Promise<Pick<StreamListener, 'close'>>;
}

/** Where a WebSocket is opened. */
export interface WebSocketAddress {
  /** A name or an IP address. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Begins with a slash. */
  readonly path: string;
  /** Secures the connection. */
  readonly tls?: TlsDialling | undefined;
}

/** Which requests for WebSockets are taken, and who is told of the connections. */
export interface WebSocketListenOptions {
  /** Secures what is listened for; an HTTP server that they are attached to has its own. */
  readonly tls?: TlsListening | undefined;
  /** The path of the requests that are taken. */
  readonly path: string;
  /** Whether who asks may connect. Who may not learns of it. */
  readonly admits: (request: WebSocketRequest) => boolean;
  /** The handlers of the accepted socket are to be set before this returns. */
  readonly onConnection: (socket: StreamSocket) => void;
}

/** What a server is told of who asks for a WebSocket. */
export interface WebSocketRequest {
  /** Of the page that asks; absent when none does. */
  readonly origin: string | undefined;
  /** How the server was called: name and port, as the HTTP header has them. */
  readonly host: string | undefined;
  /** What TLS tells of the connection; absent when it is not secured. */
  readonly tls?: TlsSession | undefined;
}

/** What WebSockets need of `http.Server` and `https.Server`. */
export interface HttpServer {
  /** Has the listener called for each request to upgrade a connection. */
  on(event: 'upgrade', listener: (...request: unknown[]) => void): unknown;
  /** Undoes `on` with the same arguments. */
  off(event: 'upgrade', listener: (...request: unknown[]) => void): unknown;
  /** How many are called for such a request. */
  listenerCount(event: 'upgrade'): number;
}
