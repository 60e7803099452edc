import { checkFaults, type Faults, latencyBounds, loopbackFaults, noFaults } from './faults.js';
import { getOrAdd } from './get-or-add.js';
import { copiesOf, type Fate, type Interceptor, type Packet, type Recorder, type Remove } from './packet.js';
import type { Prng } from './prng.js';
import type { Scheduler } from './scheduler.js';
import type { Machine } from './topology.js';

/** The way from one machine to another; the way back is a link of its own. */
export interface Link {
  readonly from: Machine;
  readonly to: Machine;
  isCut: boolean;
  override: Partial<Faults>;
  /** What holds for the link, worked out of all that say something about it; undefined after a change. */
  faults: Faults | undefined;
  /** When the last datagram that keeps the order arrives. */
  lastArrival: number;
  /** When all that waits for the link's bandwidth has left. */
  freeAt: number;
}

/** A copy of a packet that will arrive. */
export interface Arrival {
  readonly delay: number;
  readonly data: Buffer;
}

export interface Network {
  /** Changes faults: of one link, of all links of a machine, of all links; the narrower stand before the wider. */
  setFaults(changed: Partial<Faults>, of?: Machine | Link): void;
  link(from: Machine, to: Machine): Link;
  heal(): void;
  intercept(interceptor: Interceptor): Remove;
  /** Decides what becomes of a packet that is sent: which copies arrive, and when. */
  judge(packet: Packet, link: Link): readonly Arrival[];
  /** The time that a packet takes, where nothing befalls it. */
  latency(link: Link): number;
  record(packet: Packet, fate: Fate): void;
}

export function createNetwork(
  scheduler: Scheduler,
  random: Prng,
  recorder: Recorder,
  defaults: Partial<Faults>,
): Network {
  let faults: Faults = { ...noFaults, ...checkFaults(defaults) };
  const links = new Map<Machine, Map<Machine, Link>>();
  const interceptors = new Set<Interceptor>();

  const record = (packet: Packet, fate: Fate): void => recorder.record(scheduler.now, packet, fate);

  const link = (from: Machine, to: Machine): Link =>
    getOrAdd(
      getOrAdd(links, from, () => new Map<Machine, Link>()),
      to,
      () => ({ from, to, isCut: false, override: {}, faults: undefined, lastArrival: 0, freeAt: 0 }),
    );

  const faultsOf = (on: Link): Faults => {
    const { from, to, override } = on;
    on.faults ??=
      from === to
        ? { ...loopbackFaults, ...override }
        : { ...faults, ...to.faults, ...from.faults, ...override };
    return on.faults;
  };

  const setFaults = (changed: Partial<Faults>, of?: Machine | Link): void => {
    checkFaults(changed);
    if (of === undefined) faults = { ...faults, ...changed };
    else if ('override' in of) of.override = { ...of.override, ...changed };
    else of.faults = { ...of.faults, ...changed };
    for (const known of links.values()) for (const each of known.values()) each.faults = undefined;
  };

  const latency = (on: Link): number => random.between(...latencyBounds(faultsOf(on).latency));

  const flipBits = (data: Buffer): Buffer => {
    const damaged = Buffer.from(data);
    if (damaged.length === 0) return damaged;
    for (let flips = 1 + random.below(3); flips > 0; flips--) {
      const bit = random.below(damaged.length * 8);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
    }
    return damaged;
  };

  /** Packets of a link arrive in the order in which they were sent, unless they are held back. */
  const inOrder = (on: Link, delay: number): number => {
    on.lastArrival = Math.max(on.lastArrival, scheduler.now + delay);
    return on.lastArrival - scheduler.now;
  };

  /** How long a datagram waits for the link's bandwidth and takes to leave; `undefined`: its queue is full. */
  const wait = (packet: Packet, on: Link, { bandwidth, queue }: Faults): number | undefined => {
    if (bandwidth === Number.POSITIVE_INFINITY) return 0;
    const start = Math.max(on.freeAt, scheduler.now);
    const waiting = ((start - scheduler.now) * bandwidth) / 1000;
    if (waiting + packet.data.length > queue) return undefined;
    on.freeAt = start + (packet.data.length * 1000) / bandwidth;
    return on.freeAt - scheduler.now;
  };

  const judgeDatagram = (packet: Packet, on: Link, own: Faults): Arrival[] => {
    const [least, most] = latencyBounds(own.latency);
    const waits = wait(packet, on, own);
    if (waits === undefined) {
      record(packet, 'overflow');
      return [];
    }
    const arrivals: Arrival[] = [];
    const copies = random.chance(own.duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const isHeldBack = random.chance(own.reorder);
      const isDamaged = random.chance(own.corrupt);
      const delay = waits + random.between(least, most);
      if (copy > 0) record(packet, 'duplicated');
      if (isHeldBack) record(packet, 'reordered');
      if (isDamaged) record(packet, 'corrupted');
      arrivals.push({
        // A packet is held back for long enough that several later ones may pass it.
        delay: isHeldBack || copy > 0 ? delay + random.between(0, 4 * most + 1) : inOrder(on, delay),
        data: isDamaged ? flipBits(packet.data) : packet.data,
      });
    }
    return arrivals;
  };

  const intercepted = (packet: Packet, on: Link): Arrival[] | undefined => {
    for (const interceptor of interceptors) {
      const verdict = interceptor(packet);
      if (verdict === undefined) continue;
      const copies = copiesOf(verdict);
      if (copies.length === 0) record(packet, 'dropped');
      return copies.map(({ delay, data }, index) => {
        if (index > 0) record(packet, 'duplicated');
        return { delay: delay ?? inOrder(on, latency(on)), data: data ? Buffer.from(data) : packet.data };
      });
    }
    return undefined;
  };

  const judge = (packet: Packet, on: Link): readonly Arrival[] => {
    record(packet, 'sent');
    if (on.isCut) {
      record(packet, 'cut');
      return [];
    }
    const decided = intercepted(packet, on);
    if (decided) return decided;
    const own = faultsOf(on);
    const isStream = packet.protocol !== 'udp';
    if (random.chance(own.loss) || (isStream && random.chance(own.corrupt))) {
      record(packet, 'lost');
      return [];
    }
    if (!isStream) return judgeDatagram(packet, on, own);
    return [{ delay: random.between(...latencyBounds(own.latency)), data: packet.data }];
  };

  return {
    link,
    setFaults,
    heal: () => {
      for (const known of links.values()) for (const each of known.values()) each.isCut = false;
    },
    intercept: interceptor => {
      interceptors.add(interceptor);
      return () => void interceptors.delete(interceptor);
    },
    judge,
    latency,
    record,
  };
}
