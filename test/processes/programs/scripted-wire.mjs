/** A wire that does to single packets what a test has written down. */
import { offer } from '../../../examples/dist/processes.js';
import { relayDatagrams } from '../../../examples/dist/wire/datagram-relay.js';
import { proxyStreams } from '../../../examples/dist/wire/stream-proxy.js';
import { Reader } from '../../../runtime/dist/marshalling/reader.js';
import { FrameType } from '../../../runtime/dist/request-reply/frames.js';
import { forEachFrame } from '../../../runtime/dist/transport/frame-loop.js';
import { packetHeaderBytes } from '../../../runtime/dist/transport/packet.js';
import { proxyHalfOpen } from './half-open-proxy.mjs';

const copiesOf = { lose: [], double: [0, 0] };

/** What is to be done to the next packets that bear a given frame. */
let rules = [];

/** How many bytes to the client pass before its connection is cut, if it is to be cut. */
let bytesToCut;

let cuts = 0;

/** How many clients found their connection half open. */
let resets = 0;

offer({
  relay: async serverPort => (await relayDatagrams(serverPort, judge)).port,
  proxy: async serverPort => (await proxyStreams(serverPort, () => cut)).port,
  /** `{ frame, action, times, kill }`: kill is the id of a process that dies when the first such packet comes. */
  script: next => {
    rules = next.map(rule => ({ ...rule }));
  },
  /** How often the script still waits for a packet. */
  left: () => rules.reduce((sum, { times }) => sum + times, 0),
  cutAfter: bytes => {
    bytesToCut = bytes;
  },
  cuts: () => cuts,
  proxyHalfOpen: serverPort => proxyHalfOpen(serverPort, () => resets++),
  resets: () => resets,
});

function judge(packet) {
  const rule = rules.find(({ frame, times }) => times > 0 && bears(packet, FrameType[frame]));
  if (rule === undefined) return [0];
  rule.times--;
  if (rule.kill !== undefined) process.kill(rule.kill, 'SIGKILL');
  return copiesOf[rule.action];
}

function bears(packet, wanted) {
  let found = false;
  forEachFrame(new Reader(), packet, packetHeaderBytes, packet.length, type => {
    found ||= type === wanted;
    return true;
  });
  return found;
}

function cut(chunk, direction) {
  if (bytesToCut === undefined || direction === 'to server') return undefined;
  bytesToCut -= chunk.length;
  if (bytesToCut > 0) return undefined;
  bytesToCut = undefined;
  cuts++;
  // In the middle of a frame, since every write ends with the end of one.
  return chunk.length >> 1;
}
