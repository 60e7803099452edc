/** What may befall the packets of a world, a host or a link. */
export interface Faults {
  /** The probability that a datagram is lost. A lost segment of a stream is sent again, and so is late. */
  readonly loss: number;
  /** The probability that a second copy of a datagram arrives. */
  readonly duplicate: number;
  /** The probability that a datagram is held back, so that later ones overtake it. The others keep their order. */
  readonly reorder: number;
  /** The probability that one to three bits of a datagram arrive flipped. A stream's segment is then lost. */
  readonly corrupt: number;
  /** How long a packet is under way, in milliseconds: always as long, or between two bounds. */
  readonly latency: number | readonly [least: number, most: number];
  /** Bytes that the link carries in a second; datagrams that are sent faster wait. `Infinity`: as many as come. */
  readonly bandwidth: number;
  /** Bytes of datagrams that may wait for a link's bandwidth; what does not fit is lost. */
  readonly queue: number;
}

export const noFaults: Faults = {
  loss: 0,
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  latency: 1,
  bandwidth: Number.POSITIVE_INFINITY,
  queue: 65_536,
};

/** What a machine's packets to itself meet: neither faults nor, hardly, time. */
export const loopbackFaults: Faults = { ...noFaults, latency: 1 / 64 };

const probabilities = ['loss', 'duplicate', 'reorder', 'corrupt'] as const;

/** @throws RangeError when a probability, a latency, a bandwidth or a queue is none */
export function checkFaults(faults: Partial<Faults>): Partial<Faults> {
  for (const name of probabilities) {
    const value = faults[name];
    if (value !== undefined && !(value >= 0 && value <= 1)) {
      throw new RangeError(`${name}: ${value} is not a probability; give a number from 0 to 1`);
    }
  }
  for (const name of ['bandwidth', 'queue'] as const) {
    const value = faults[name];
    if (value !== undefined && !(value > 0)) throw new RangeError(`${name}: ${value} is not above 0`);
  }
  if (faults.latency !== undefined) {
    const [least, most] = latencyBounds(faults.latency);
    if (!(least >= 0 && most >= least && most < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`latency: [${least}, ${most}] is no range of milliseconds`);
    }
  }
  return faults;
}

export function latencyBounds(latency: Faults['latency']): readonly [least: number, most: number] {
  return typeof latency === 'number' ? [latency, latency] : latency;
}
