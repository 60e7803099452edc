import { createDatagramLayer, type Injection } from './datagrams.js';
import type { Faults } from './faults.js';
import { createHost, createMachine, type Host, type HostOptions, type HostServices } from './host.js';
import type { Internet } from './internet.js';
import { createNames, createNameTable, type Names } from './names.js';
import { createTranslator, type Nat, type NatOptions, type Translator } from './nat.js';
import { createNetwork, type Link } from './network.js';
import { createRecorder, type Interceptor, type PacketListener, type Remove } from './packet.js';
import { createPrng } from './prng.js';
import { createScheduler } from './scheduler.js';
import { createStreamLayer } from './streams.js';
import { createTopology, type Machine, type Router, type Subnet } from './topology.js';

/** The faults hold for all links, where a host or a link has none of its own; without any, packets take 1 ms. */
export interface SimulationOptions extends Partial<Faults> {
  /** The same seed replays the same run, packet for packet. Default: 0. */
  readonly seed?: number | string;
  /** How many milliseconds of virtual time one `run` may last. Default: a day. */
  readonly timeLimit?: number;
  /** False: keeps no trace, which saves the memory of a line for each packet. */
  readonly trace?: boolean;
}

/**
 * Hosts and the network between them, in virtual time. Nothing in it touches the real clock, real randomness or real
 * sockets, so that the same seed replays the same run.
 */
export interface World {
  /** What replays this run when it is given to `simulate`. */
  readonly seed: number | string;
  /** Virtual time in milliseconds, from 0. */
  readonly now: number;
  /** A line for each fate of each packet: time, protocol, from, to, length, CRC-32C of the bytes, fate. */
  readonly trace: string;
  /**
   * Runs the world until the promise settles. Time advances only in here.
   *
   * @throws Error naming the seed, with what was thrown as its `cause`: by `body`, by a callback of a host, or because
   *   `body` waits for something outside the world or longer than the time limit
   */
  run<T>(body: () => T | PromiseLike<T>): Promise<T>;
  /** Resolves so many milliseconds of virtual time later. */
  sleep(duration: number): Promise<void>;

  /** The host of this name, which is created when there is none. */
  host(name: string, options?: HostOptions): Host;
  /** The subnet of this name, which is created when there is none. Hosts that name none are all on one. */
  subnet(name: string): Subnet;
  /** Joins subnets. Without a router, hosts on different subnets do not reach each other. */
  router(name: string, subnets: readonly string[]): Router;
  /** Puts hosts behind a translator, so that all appear outside under one address, and by default under one port. */
  nat(hosts: readonly string[], options?: NatOptions): Nat;

  /** The domain names of the world, beside those of its hosts. */
  readonly names: Names;

  /** Changes the faults of all links, from now on. */
  faults(faults: Partial<Faults>): void;
  /** Changes the faults of what one host sends another: one way only. They stand before the hosts' and the world's. */
  link(from: string, to: string, faults: Partial<Faults>): void;
  /** Cuts each link between hosts of different groups; hosts that are in no group keep all theirs. */
  partition(...groups: readonly (readonly string[])[]): void;
  /** Cuts what one host sends another: one way only. */
  cut(from: string, to: string): void;
  /** Mends all cuts and partitions. */
  heal(): void;
  /** Breaks all TCP connections between two hosts; both ends are told. */
  resetConnections(one: string, other: string): void;

  /** Sees each packet that is sent and each thing that becomes of it. */
  onPacket(listener: PacketListener): Remove;
  /** Decides what becomes of packets. The first interceptor with a verdict counts; cuts come before them all. */
  intercept(interceptor: Interceptor): Remove;
  /** Lets a datagram arrive, at once or later: a captured one again, or a forged one. It meets no faults. */
  inject(datagram: Injection, delay?: number): void;
}

const defaultTimeLimit = 24 * 60 * 60 * 1000;

/** Creates a world of its own. */
export function simulate(options: SimulationOptions = {}): World {
  const { seed = 0, timeLimit = defaultTimeLimit, trace = true, ...faults } = options;
  const scheduler = createScheduler(timeLimit);
  const recorder = createRecorder(trace);
  const network = createNetwork(scheduler, createPrng(`${seed}/network`), recorder, faults);
  const topology = createTopology();
  const machines = new Map<string, Machine>();
  const translators: Translator[] = [];
  const names = createNameTable();
  const internet: Internet = { scheduler, network, topology, machines, translators, names };
  const datagrams = createDatagramLayer(internet);
  const streams = createStreamLayer(internet, createPrng(`${seed}/streams`));
  const services: HostServices = { ...internet, seed, datagrams, streams };
  const hosts = new Map<string, Host>();

  const machine = (name: string): Machine => {
    const found = machines.get(name);
    if (!found) throw new RangeError(`this world has no host '${name}'; create it by world.host('${name}')`);
    return found;
  };
  const linkOf = (from: string, to: string): Link => network.link(machine(from), machine(to));

  const cut = (from: string, to: string): void => {
    linkOf(from, to).isCut = true;
  };

  const host = (name: string, hostOptions: HostOptions = {}): Host => {
    const known = hosts.get(name);
    if (known) return known;
    const added = createMachine(services, name, hostOptions);
    machines.set(name, added);
    const made = createHost(services, added);
    hosts.set(name, made);
    return made;
  };

  return {
    seed,
    get now() {
      return scheduler.now;
    },
    get trace() {
      return recorder.trace;
    },
    run: body =>
      scheduler.run(body).catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const at = `at ${scheduler.now.toFixed(3)} ms`;
        throw new Error(`simulation failed with seed ${seed} ${at}: ${reason}`, { cause });
      }),
    sleep: duration => new Promise(resolve => void scheduler.after(duration, () => scheduler.enter(resolve))),
    host,
    subnet: topology.subnet,
    router: (name, subnets) => topology.router(name, subnets.map(topology.subnet)),
    nat: (names, natOptions) => {
      const inside = names.map(machine);
      const [first] = inside;
      const subnet = first?.interfaces[0]?.subnet;
      if (!subnet) throw new RangeError('a translator needs hosts behind it; name at least one');
      const translator = createTranslator(topology.allocate(subnet), new Set(inside), natOptions);
      translators.push(translator);
      return translator;
    },
    names: createNames(names, name => machines.get(name)?.interfaces[0]?.address),
    faults: changed => network.setFaults(changed),
    link: (from, to, changed) => network.setFaults(changed, linkOf(from, to)),
    partition: (...groups) => {
      for (const group of groups) {
        const others = groups.filter(each => each !== group).flat();
        for (const from of group) for (const to of others) cut(from, to);
      }
    },
    cut,
    heal: network.heal,
    resetConnections: (one, other) => streams.reset(machine(one), machine(other)),
    onPacket: recorder.listen,
    intercept: network.intercept,
    inject: (datagram, delay = 0) => datagrams.inject(datagram, delay),
  };
}
