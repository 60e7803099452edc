/** One UDP flow beside one TCP flow on a slow wire between two network namespaces. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { start } from './processes.mjs';

const script = fileURLToPath(new URL('./slow-wire.py', import.meta.url));
const near = '10.77.0.1';
const far = '10.77.0.2';

const ip = (...words) => spawnSync('ip', words, { stdio: 'ignore' }).status === 0;

/** Why the measurement cannot be made here; undefined: it can. */
export function whyNot() {
  const probe = `convoke-${process.pid}`;
  if (!ip('netns', 'add', probe)) return 'network namespaces are not allowed (or iproute2 is not installed)';
  ip('netns', 'del', probe);
  if (spawnSync('python3', ['--version']).status !== 0) return 'there is no python3';
  return undefined;
}

/** The congestion controls that TCP can have here in a namespace: the system's default first. */
export function controls() {
  const read = name => readFileSync(`/proc/sys/net/ipv4/tcp_${name}`, 'utf8').trim().split(' ');
  return [...new Set([...read('congestion_control'), ...read('allowed_congestion_control')])];
}

/**
 * Both flows go on for `seconds`, after TCP had the wire alone for two.
 *
 * @returns bytes a second of each
 */
export async function share({ control, bytesPerSecond, delayMs, queueBytes, seconds }) {
  const [a, b] = ['a', 'b'].map(end => `convoke-${process.pid}-${end}`);
  const running = [];
  for (const name of [a, b]) {
    ip('netns', 'add', name);
    ip('netns', 'exec', name, 'ip', 'link', 'set', 'lo', 'up');
    ip('netns', 'exec', name, 'sysctl', '-q', '-w', `net.ipv4.tcp_congestion_control=${control}`);
  }
  const words = [script, a, near, b, far, bytesPerSecond, delayMs, queueBytes, 0].map(String);
  const wire = spawn('python3', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const begin = async name => {
    const peer = await start('./peer.mjs', ['ip', 'netns', 'exec', name]);
    running.push(peer);
    return peer;
  };
  try {
    await once(wire.stdout, 'data');
    const [receiver, tcp, udp] = [await begin(b), await begin(a), await begin(a)];
    await receiver.ask('serve', `udp://${far}:7000`);
    await receiver.ask('sink', { host: far, port: 7001 });
    await tcp.ask('pour', { host: far, port: 7001 });
    await wait(2000);
    // It has no end but that of its process.
    udp.ask('uploadOnAndOn', { address: `udp://${far}:7000`, size: 262_144 }).catch(() => {});
    await wait(1000);
    await receiver.ask('received');
    await wait(seconds * 1000);
    const received = await receiver.ask('received');
    return { tcp: received.tcp / seconds, udp: received.udp / seconds };
  } finally {
    await Promise.all(running.map(peer => peer.end()));
    wire.stdin.end();
    if (wire.exitCode === null) await once(wire, 'exit');
    for (const name of [a, b]) ip('netns', 'del', name);
  }
}
