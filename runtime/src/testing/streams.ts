import type {
  SocketAddress,
  StreamConnectOptions,
  StreamListener,
  StreamListenOptions,
  StreamSocket,
  StreamSockets,
} from '../platform/platform.js';
import type { KeyAndCertificate, TlsDialling, TlsListening } from '../platform/tls.js';
import { createEndpoint, type Endpoint, type EndpointPlace } from './endpoint.js';
import { systemError } from './errors.js';
import { ask, type Incarnation } from './incarnation.js';
import { type Internet, placesOf, resolveName, translatorBetween } from './internet.js';
import { createPacket, type Packet } from './packet.js';
import { createPipe, type Pipe, type PipeEnds } from './pipe.js';
import { addressOf, anyAddress, type Binding, createPortTable, isValidPort } from './ports.js';
import type { Prng } from './prng.js';
import { createSocketFiles } from './socket-files.js';
import { shakeHands } from './tls.js';
import type { Interface, Machine, Route } from './topology.js';

/** How often a connection's first packet is sent again, and after how many milliseconds at first (as Linux does). */
const mostRetries = 6;
const firstRetry = 1000;

interface Listening {
  readonly program: Incarnation;
  readonly accept: (socket: StreamSocket) => void;
  tls: TlsListening | undefined;
  isOpen: boolean;
}

interface ListeningAtPort extends Listening {
  readonly binding: Binding;
}

export interface StreamLayer {
  socketsOf(machine: Machine): StreamSockets;
  /** Both ends of each connection between two machines are reset at once. */
  reset(one: Machine, other: Machine): void;
  /** The machine's connections over an interface break, as its address changes. */
  move(at: Interface): void;
  /** The machine's system ends its program's connections, and says so to the other ends. */
  hangUp(machine: Machine): void;
  /** Drops the sockets of a program that has ended, in silence. */
  clear(machine: Machine): void;
}

export function createStreamLayer(internet: Internet, random: Prng): StreamLayer {
  const { scheduler, network, topology } = internet;
  const ports = createPortTable<ListeningAtPort>();
  const files = createSocketFiles<Listening>();
  const connections = new Set<readonly [near: Endpoint, far: Endpoint]>();

  const packet = (from: EndpointPlace, to: EndpointPlace, data: Buffer): Packet =>
    createPacket({
      protocol: from.protocol,
      time: scheduler.now,
      from: to.remote,
      to: from.remote,
      sender: from.at.machine.name,
      receiver: to.at.machine.name,
      data,
    });

  /** Connects two ends; the far program's listener learns of it by the near end's first segment. */
  const join = (nearPlace: EndpointPlace, farPlace: EndpointPlace, listener: Listening): Endpoint => {
    const ends = (from: Endpoint, to: Endpoint): PipeEnds => ({
      from: from.at.machine,
      to: to.at.machine,
      packet: segment => packet(from, to, segment.kind === 'data' ? segment.data : Buffer.alloc(0)),
      isReachable: way =>
        way === 'there' ? topology.isReachable(from.at, to.at) : topology.isReachable(to.at, from.at),
      receive: to.receive,
      unread: () => to.unread,
      acknowledged: from.acknowledged,
      drained: from.drained,
      failed: from.fail,
    });
    const closed = (): void => {
      if (!near.isOpen && !far.isOpen) connections.delete(connection);
    };
    const near: Endpoint = createEndpoint(internet, random, nearPlace, {
      out: () => there,
      hasRead: () => back.pump(),
      accept: () => true,
      closed,
    });
    const far: Endpoint = createEndpoint(internet, random, farPlace, {
      out: () => back,
      hasRead: () => there.pump(),
      accept: () => {
        if (listener.isOpen) far.program.enter('packet', () => listener.accept(far.socket));
        return listener.isOpen;
      },
      closed,
    });
    const there: Pipe = createPipe(internet, random, ends(near, far));
    const back: Pipe = createPipe(internet, random, ends(far, near));
    const connection = [near, far] as const;
    connections.add(connection);
    there.mark('open');
    return near;
  };

  const listenerAt = (at: Interface, port: number): ListeningAtPort | undefined =>
    ports
      .of(at.machine)
      .filter(({ binding }) => binding.port === port && (binding.interface ?? at) === at)
      .sort((a, b) => Number(a.binding.interface === at) - Number(b.binding.interface === at))
      .at(-1);

  const listenAtPath = (machine: Machine, path: string, listener: Listening): StreamListener => {
    files.bind(machine, path, listener);
    return {
      address: { host: path, port: 0 },
      close: () => {
        if (!listener.isOpen) return;
        listener.isOpen = false;
        files.remove(machine, path);
      },
    };
  };

  const listen = (machine: Machine, options: StreamListenOptions): StreamListener => {
    const listening: Listening = {
      program: machine.program,
      accept: options.onConnection,
      tls: options.tls,
      isOpen: true,
    };
    if ('path' in options) return listenAtPath(machine, options.path, listening);
    const { host = anyAddress, port = 0 } = options;
    const binding = ports.bind(machine, host, port, false);
    const listener: ListeningAtPort = Object.assign(listening, { binding });
    ports.add(machine, listener);
    return {
      address: addressOf(binding),
      ...(options.tls && {
        renew: (renewed: KeyAndCertificate) => {
          listener.tls = { ...options.tls!, ...renewed };
        },
      }),
      close: () => {
        listener.isOpen = false;
        ports.remove(machine, listener);
      },
    };
  };

  /** Sends an empty packet of the handshake; calls back when it arrives, or at once when it does not. */
  const shake = (from: EndpointPlace, to: EndpointPlace, arrived: () => void, lost: () => void): void => {
    const sent = packet(from, to, Buffer.alloc(0));
    const isReachable = topology.isReachable(from.at, to.at);
    const [arrival] = isReachable ? network.judge(sent, network.link(from.at.machine, to.at.machine)) : [];
    if (!isReachable) network.record(sent, 'unreachable');
    if (!arrival) {
      lost();
      return;
    }
    scheduler.after(arrival.delay, () => {
      const { isPowered } = to.at.machine;
      network.record(sent, isPowered ? 'delivered' : 'down');
      if (isPowered) arrived();
      else lost();
    });
  };

  const dial = (
    machine: Machine,
    to: SocketAddress,
    { tls, signal }: StreamConnectOptions,
    connected: (socket: StreamSocket) => void,
    failed: (error: unknown) => void,
  ): void => {
    const { program } = machine;
    signal?.addEventListener('abort', () => failed(signal.reason), { once: true });
    const localPort = ports.freePort(machine);
    let tries = 0;

    const fail = (code: string): void =>
      program.enter('packet', () => failed(systemError('connect', code, `${to.host}:${to.port}`)));

    const again = (): void => {
      scheduler.after(firstRetry * 2 ** tries++, attempt, program);
    };

    const attempt = (): void => {
      if (signal?.aborted) return;
      if (tries > mostRetries) {
        fail('ETIMEDOUT');
        return;
      }
      const [target] = placesOf(internet, to, machine);
      const route = target && topology.route(machine, target.at);
      if (!route) {
        again();
        return;
      }
      const [near, far] = placesFor(route, localPort, target.port, to);
      shake(
        near,
        far,
        () => {
          const listener = listenerAt(far.at, target.port);
          const answered = (): void => {
            if (!program.isAlive || signal?.aborted) return;
            if (!listener) {
              fail('ECONNREFUSED');
              return;
            }
            try {
              const { socket } = joinSecured(near, far, listener, tls);
              program.enter('packet', () => connected(socket));
            } catch (error) {
              program.enter('packet', () => failed(error as Error));
            }
          };
          shake(far, near, answered, again);
        },
        again,
      );
    };
    attempt();
  };

  /** @throws Error when they do not accept each other */
  const joinSecured = (
    near: EndpointPlace,
    far: EndpointPlace,
    listener: Listening,
    tls: TlsDialling | undefined,
  ): Endpoint => {
    const handshake = shakeHands(tls, listener.tls, random.bytes);
    return join(
      { ...near, ...handshake.near },
      { ...far, ...handshake.far, program: listener.program },
      listener,
    );
  };

  /** The machine's own system joins the two ends: no handshake travels. */
  const connectAtPath = (machine: Machine, path: string, tls: TlsDialling | undefined): StreamSocket => {
    const listener = files.find(machine, path);
    const end = { host: path, port: 0 };
    const place = { protocol: 'unix', at: machine.loopback, local: end, remote: end } as const;
    const near = { ...place, program: machine.program };
    return joinSecured(near, near, listener, tls).socket;
  };

  /** The two ends of a connection to be, and how each is seen by the other. */
  const placesFor = (
    { from, to }: Route,
    localPort: number,
    port: number,
    dialled: SocketAddress,
  ): [near: EndpointPlace, far: EndpointPlace] => {
    const local = { host: from.address, port: localPort };
    const seen = translatorBetween(internet, from.machine, to.machine)?.outwardStream() ?? local;
    return [
      { protocol: 'tcp', program: from.machine.program, at: from, local, remote: dialled },
      {
        protocol: 'tcp',
        program: to.machine.program,
        at: to,
        local: { host: to.address, port },
        remote: seen,
      },
    ];
  };

  /** Nothing is connected in the middle of what a program does, such as while its connections are reset. */
  const nextEvent = (program: Incarnation): Promise<void> =>
    new Promise(resolve => {
      program.act(() => void scheduler.after(0, () => program.enter('packet', resolve), program));
    });

  const endsOf = (machine: Machine): Endpoint[] =>
    [...connections].flat().filter(end => end.at.machine === machine);

  return {
    socketsOf: machine => {
      const { program } = machine;
      return {
        listen: options => ask(program, () => listen(machine, options)),
        connect: async (to, options = {}) => {
          if ('path' in to) {
            await nextEvent(program);
            return ask(program, () => connectAtPath(machine, to.path, options.tls));
          }
          const { host, port } = to;
          const address = await ask(program, () => {
            if (!isValidPort(port)) throw systemError('connect', 'ERR_SOCKET_BAD_PORT', `port ${port}`);
            return { host: resolveName(internet, host), port };
          });
          return new Promise((resolve, reject) =>
            program.act(() => dial(machine, address, options, resolve, reject)),
          );
        },
      };
    },
    reset: (one, other) => {
      for (const ends of connections) {
        const machines = ends.map(({ at }) => at.machine);
        if (!machines.includes(one) || !machines.includes(other)) continue;
        for (const end of ends) end.fail('ECONNRESET');
      }
    },
    move: at => {
      for (const end of endsOf(at.machine)) if (end.at === at) end.move();
    },
    hangUp: machine => {
      for (const ends of connections) {
        for (const [end, other] of [ends, [ends[1], ends[0]] as const]) {
          if (end.at.machine !== machine || !end.isOpen) continue;
          const way = network.link(machine, other.at.machine);
          if (way.isCut || !topology.isReachable(end.at, other.at)) continue;
          scheduler.after(network.latency(way), () => other.fail('ECONNRESET'));
        }
      }
    },
    clear: machine => {
      ports.clear(machine);
      files.clear(machine);
      for (const end of endsOf(machine)) if (end.isOpen) end.forget();
    },
  };
}
