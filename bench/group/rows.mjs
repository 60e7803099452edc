/** What is measured of groups, beside what JGroups 5.6 did on a machine of this kind, and what was aimed at. */
import { calls, deaths, state, throughput } from './cells.mjs';

const sends = options => ({
  contestants: ['convoke', 'raw'],
  run: (contestant, milliseconds) => throughput(contestant, { ...options, milliseconds }),
});
const ordered = options => ({ ...sends(options), contestants: ['convoke'] });
const called = options => ({
  contestants: ['convoke', 'raw'],
  run: (contestant, milliseconds) => calls(contestant, { ...options, milliseconds }),
});
const first = safe => ({
  contestants: ['convoke'],
  run: (contestant, milliseconds) =>
    calls(contestant, { members: 3, inFlight: 1, options: { replies: 'first', safe }, milliseconds }),
});
const rate = (jgroups, aim) => [{ of: 'rate', unit: '/s', jgroups, aim }];
const latency = (p50, p99) => [
  { of: 'p50', name: 'p50', unit: 'µs', ...p50 },
  { of: 'p99', name: 'p99', unit: 'µs', ...p99 },
];
const time = (jgroups, aim) => [{ of: 'milliseconds', unit: 'ms', jgroups, aim }];

export const rows = {
  fifo2: {
    title: 'fifo, 100 B, 2 members, one sends',
    ...sends({ members: 2, size: 100, order: 'fifo' }),
    measures: rate('1.65 M', '3 M'),
  },
  fifo4: {
    title: 'fifo, 100 B, 4 members, one sends',
    ...sends({ members: 4, size: 100, order: 'fifo' }),
    measures: rate('0.99 M', '2 M'),
  },
  fifo2k: {
    title: 'fifo, 1000 B, 2 members, one sends',
    ...sends({ members: 2, size: 1000, order: 'fifo' }),
    measures: rate('1.04 M', '1.5 M'),
  },
  fifo4all: {
    title: 'fifo, 100 B, 4 members, all send',
    ...sends({ members: 4, size: 100, order: 'fifo', all: true }),
    measures: rate('226 k', '1 M'),
  },
  total3all: {
    title: 'total order, 100 B, 3 members, all send',
    ...ordered({ members: 3, size: 100, order: 'total', all: true }),
    measures: rate('490 k', '1 M'),
  },
  call2: {
    title: 'call, all reply, 2 members, 32 in flight',
    ...called({ members: 2, inFlight: 32 }),
    measures: rate('72.7 k', '100 k'),
  },
  call4: {
    title: 'call, all reply, 4 members, one at a time',
    ...called({ members: 4, inFlight: 1 }),
    measures: latency({ jgroups: '151', aim: '110' }, { jgroups: '1908', aim: '400' }),
  },
  safe: {
    title: 'call, the first reply, 3 members, one at a time, safe',
    ...first(true),
    measures: latency({}, {}),
  },
  unsafe: {
    title: 'the same, not safe',
    ...first(false),
    measures: latency({}, {}),
  },
  kill: {
    title: 'kill -9 of one of 3 → new view',
    contestants: ['convoke'],
    run: () => deaths({ members: 3, signal: 'SIGKILL', times: 4 }),
    measures: time('2.2–2.5 s', '300 ms'),
  },
  freeze: {
    title: 'one of 3 frozen → new view',
    contestants: ['convoke'],
    run: () => deaths({ members: 3, signal: 'SIGSTOP', times: 1 }),
    measures: time('42.6 s', '3–5 s'),
  },
  state: {
    title: '100 MB of state to a joiner',
    contestants: ['convoke'],
    run: () => state({ bytes: 100_000_000 }),
    measures: time('140–450 ms', '150 ms'),
  },
};
