/**
 * Who is measured, in the order of the report. Each loads to `{ startServer, connect }` and, where its form of the
 * sample is another, `toNative` and `toPlain`:
 *
 * - `startServer()` resolves to `{ address }`, any JSON;
 * - `connect(address)` resolves to `{ echo(sample), bytes(data), stats?() }`.
 */
const convoke = transport => async () => (await import('./contestant.mjs')).configure({ transport });

export const contestants = {
  'convoke-tcp': { title: 'Convoke, TCP', load: convoke('tcp') },
  'convoke-udp': { title: 'Convoke, UDP', load: convoke('udp') },
  'grpc-js': { title: 'grpc-js', load: () => import('./contestants/grpc-js.mjs') },
  connect: { title: 'Connect', load: () => import('./contestants/connect.mjs') },
  thrift: { title: 'Thrift', load: () => import('./contestants/thrift.mjs') },
  'raw-tcp': { title: 'raw TCP', load: () => import('./contestants/raw-tcp.mjs') },
  'raw-udp': {
    title: 'raw UDP',
    load: () => import('./contestants/raw-udp.mjs'),
    // It has no fragments and no connections.
    workloads: ['w1', 'w2', 'w3'],
  },
};
