import type { SocketAddress, StreamSocket } from '../platform/platform.js';
import type { TlsSession } from '../platform/tls.js';
import { systemError } from './errors.js';
import type { Incarnation } from './incarnation.js';
import type { Internet } from './internet.js';
import type { StreamProtocol } from './packet.js';
import type { Pipe, Reception, Segment } from './pipe.js';
import type { Prng } from './prng.js';
import type { Interface } from './topology.js';

/** How many bytes may wait in a socket before `write` says that it is full. */
const highWaterMark = 64 * 1024;

/** How likely a program gets bytes a moment after they came, together with those that come meanwhile. */
const coalescing = { probability: 0.25, longest: 0.5 };

/** Where an end of a connection stands, and how it is seen. */
export interface EndpointPlace {
  readonly protocol: StreamProtocol;
  readonly program: Incarnation;
  readonly at: Interface;
  readonly local: SocketAddress;
  /** The other end, as this one sees it. */
  readonly remote: SocketAddress;
  /** Of a secured connection. */
  readonly tls?: TlsSession;
}

/** One end of a connection: what its machine's system knows of it, and the socket that its program has. */
export interface Endpoint extends EndpointPlace {
  readonly socket: StreamSocket;
  readonly unread: number;
  /** The system knows the connection. */
  readonly isOpen: boolean;
  receive(segment: Segment): Reception;
  acknowledged(segment: Segment): void;
  drained(): void;
  /** The system forgets the connection, and tells the program why. */
  fail(code: string): void;
  /** The machine left the place where the connection was made: it fails here, and nothing gets here any more. */
  move(): void;
  /** The system forgets the connection and tells nobody. */
  forget(): void;
}

/** What an end is fitted into. */
export interface Wiring {
  /** The way to the other end. */
  readonly out: () => Pipe;
  /** The way from the other end has room again. */
  hasRead(): void;
  /** The connection stands. False: nobody listens for it any more. */
  accept(): boolean;
  /** The system has forgotten the connection. */
  closed(): void;
}

export function createEndpoint(
  { scheduler }: Internet,
  random: Prng,
  place: EndpointPlace,
  wiring: Wiring,
): Endpoint {
  const { program, local, remote } = place;
  let isOpen = true;
  let hasMoved = false;
  let received: Buffer[] = [];
  let unread = 0;
  let isFull = false;
  let isPaused = false;
  /** By the program: it ended what it writes, or dropped the connection. */
  let hasEnded = false;
  let isDestroyed = false;
  let isTold = false;
  let isDelivering = false;
  let endArrived = false;
  let endAcknowledged = false;

  const noop = (): void => {};

  const forget = (): void => {
    isOpen = false;
    wiring.out().close();
    wiring.closed();
  };

  const tell = (error: Error | null): void =>
    program.enter('packet', () => {
      if (isTold || isDestroyed) return;
      isTold = true;
      socket.onClose(error);
    });

  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    program.act(() => isOpen && wiring.out().mark('end'));
  };

  const closeWhenDone = (): void => {
    if (!isOpen || !endArrived || !endAcknowledged || unread > 0) return;
    forget();
    tell(null);
  };

  const deliver = (): void => {
    isDelivering = false;
    if (!isOpen || isDestroyed || isPaused) return;
    const chunk = Buffer.concat(received);
    received = [];
    unread = 0;
    wiring.hasRead();
    if (chunk.length > 0) socket.onData(chunk);
    if (!endArrived || unread > 0) return;
    // As Node does: who is told that no more comes, writes no more either.
    end();
    closeWhenDone();
  };

  const deliverSoon = (): void => {
    if (isDelivering || isPaused) return;
    isDelivering = true;
    const delay = random.chance(coalescing.probability) ? random.between(0, coalescing.longest) : 0;
    scheduler.after(delay, () => program.enter('packet', deliver), program);
  };

  const receive = (segment: Segment): Reception => {
    if (!place.at.machine.isPowered || hasMoved) return 'down';
    if (!isOpen) return 'refused';
    if (segment.kind === 'open') return wiring.accept() ? 'taken' : 'refused';
    if (segment.kind === 'data') {
      if (isDestroyed) return 'refused';
      received.push(segment.data);
      unread += segment.data.length;
    } else {
      endArrived = true;
    }
    if (isDestroyed) closeWhenDone();
    else deliverSoon();
    return 'taken';
  };

  const socket: StreamSocket = {
    local,
    remote,
    ...(place.tls && { tls: place.tls }),
    onData: noop,
    onClose: noop,
    onDrain: noop,
    write: chunk => {
      if (hasEnded || isTold || !program.isAlive) return false;
      program.act(() => isOpen && wiring.out().write(chunk));
      isFull ||= wiring.out().queued > highWaterMark;
      return !isFull;
    },
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      if (!isPaused) return;
      isPaused = false;
      if (received.length > 0 || endArrived) deliverSoon();
    },
    end,
    destroy: () => {
      if (isDestroyed) return;
      isDestroyed = true;
      program.act(() => {
        if (!isOpen) return;
        wiring.out().discard();
        received = [];
        unread = 0;
        end();
        closeWhenDone();
      });
    },
  };

  const fail = (code: string): void => {
    if (!isOpen) return;
    forget();
    tell(systemError('read', code, `${local.host}:${local.port} - ${remote.host}:${remote.port}`));
  };

  return {
    ...place,
    socket,
    get unread() {
      return unread;
    },
    get isOpen() {
      return isOpen;
    },
    receive,
    acknowledged: ({ kind }) => {
      if (kind !== 'end') return;
      endAcknowledged = true;
      closeWhenDone();
    },
    drained: () => {
      if (!isFull) return;
      isFull = false;
      const onDrain = (): void => {
        if (!isTold && !isDestroyed) socket.onDrain();
      };
      scheduler.after(0, () => program.enter('packet', onDrain), program);
    },
    fail,
    move: () => {
      hasMoved = true;
      fail('ECONNABORTED');
    },
    forget,
  };
}
