/** A server or a client in a process of its own: does what the parent asks, a duty at a time. */

import { createConnection, createServer } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import process from 'node:process';
import { connect, implement, serve } from '@convoke/runtime';
import { Large } from '../dist/bench/index.js';
import { offer } from './duties.mjs';

const messageBytes = 64 << 20;
const limits = { messageBytes, keptReplyBytes: messageBytes, historyBytesPerClient: 4 * messageBytes };
let sunk = 0;
let uploaded = 0;
let patterns = Buffer.alloc(0);

const duties = {
  async serve(address) {
    const large = implement(Large, {
      upload: data => {
        uploaded += data.length;
        return isPattern(data) ? data.length : 0;
      },
      download: size => pattern(size),
    });
    const server = await serve({ listen: address, services: [large], limits });
    return server.addresses[0];
  },
  /** Moves one message, and tells how long it took: milliseconds. */
  async transfer({ address, direction, size }) {
    const channel = await connect(address, { messageBytes });
    const client = channel.client(Large);
    await client.upload(Buffer.alloc(0));
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    const data = pattern(size);
    const start = performance.now();
    const { user, system } = process.cpuUsage();
    const answer = direction === 'upload' ? await client.upload(data) : await client.download(size);
    const milliseconds = performance.now() - start;
    const used = process.cpuUsage();
    delays.disable();
    const isIntact = direction === 'upload' ? answer === size : answer.length === size && isPattern(answer);
    await channel.close();
    if (!isIntact) throw new Error('what arrived is not what was sent');
    const cpu = (used.user + used.system - user - system) / 1000;
    return { milliseconds, cpu, longestStall: delays.max / 1e6 };
  },
  /** Takes whatever comes over TCP, and counts it. */
  async sink({ host, port }) {
    const server = createServer(socket => {
      socket.on('data', chunk => {
        sunk += chunk.length;
      });
      socket.on('error', () => {});
    });
    await new Promise(resolve => server.listen(port, host, resolve));
  },
  /** Bytes that have come, over TCP and in uploads, since that was asked for last. */
  received() {
    const received = { tcp: sunk, udp: uploaded };
    sunk = 0;
    uploaded = 0;
    return received;
  },
  /** Sends over TCP without end. */
  async pour({ host, port }) {
    const socket = createConnection(port, host);
    const chunk = Buffer.alloc(16_384);
    const write = () => {
      while (socket.write(chunk));
    };
    socket.on('drain', write).on('error', () => {});
    socket.on('connect', write);
  },
  /** Uploads one message after another without end. */
  async uploadOnAndOn({ address, size }) {
    const channel = await connect(address, { messageBytes });
    const client = channel.client(Large);
    for (;;) await client.upload(pattern(size));
  },
};

/** Bytes that differ wherever one looks. */
function pattern(size) {
  if (patterns.length < size) {
    patterns = Buffer.alloc(size);
    for (let at = 0; at + 4 <= size; at += 4) patterns.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> 0, at);
  }
  return patterns.subarray(0, size);
}

function isPattern(data) {
  return pattern(data.length).equals(data);
}

offer(duties);
