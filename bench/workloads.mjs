/** What is asked of every contestant. */

/**
 * `cores: 'one'` puts both processes on one core, so that only the software's path counts and not the time in which a
 * sleeping core wakes up; `'two'` gives each its own. `checks` are echoes compared before anything is measured: so
 * many one after the other, then so many together.
 */
export const workloads = {
  w1: {
    title: 'echo of a small struct, one call at a time, both processes on one core',
    unit: 'calls/s',
    procedure: 'echo',
    inFlight: 1,
    checks: [200, 64],
    cores: 'one',
  },
  w2: {
    title: 'echo of a small struct, 64 calls in flight on one connection, a core each',
    unit: 'calls/s',
    procedure: 'echo',
    inFlight: 64,
    checks: [200, 64],
    cores: 'two',
  },
  w3: {
    title: 'echo of 1 KiB, 64 calls in flight on one connection, a core each',
    unit: 'calls/s',
    procedure: 'bytes',
    bytes: 1024,
    inFlight: 64,
    checks: [200, 64],
    cores: 'two',
  },
  w4: {
    title: 'echo of 1 MiB, 8 calls in flight on one connection, a core each; each byte goes there and back',
    unit: 'MB/s',
    procedure: 'bytes',
    bytes: 1 << 20,
    inFlight: 8,
    checks: [8, 8],
    cores: 'two',
  },
  w6: {
    title: 'memory of the server for each of 1,000 idle connections, over which one call was made',
    unit: 'KiB/connection',
    procedure: 'echo',
    connections: 1000,
    inFlight: 1,
    checks: [200, 64],
    cores: 'two',
  },
};

const names = [
  'alpha-centau',
  'beta-draconi',
  'gamma-velor1',
  'delta-scuti9',
  'epsilon-lyra',
  'zeta-orionis',
];
const tags = ['red', 'green', 'blue', 'prod', 'eu-west', 'beta', 'vip', 'mobile'];

/** The small struct; its id needs more than 32 bits. */
export function sampleOf(index) {
  return {
    id: 1_000_000_000_000 + index * 7919,
    name: names[index % names.length],
    tags: [0, 3, 5].map(step => tags[(index + step) % tags.length]),
    score: index * 0.37 + 0.5,
    active: index % 2 === 0,
  };
}

/** Bytes that differ from index to index. */
export function bytesOf(size, index) {
  const bytes = Buffer.allocUnsafeSlow(size);
  let state = index + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
