/**
 * The packets of membership and failure detection, against the size of the group: `node bench/group/traffic.mjs`, after
 * `npm run build`. Groups of 2 to 200 members are simulated; with `--processes` there is also one of 32 on this machine.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { simulate } from '@convoke/runtime/testing';
import { plot } from '../plot.mjs';
import { start } from './processes.mjs';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '2,3,5,10,20,32,50,100,150,200' },
    seconds: { type: 'string', default: '10' },
    processes: { type: 'boolean', default: false },
    svg: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const sizes = options.sizes.split(',').map(Number);
const groupAddress = 'udp+multicast://239.255.0.1:7400';

const results = [];
for (const size of sizes) {
  const result = await simulated(size);
  results.push(result);
  console.error(JSON.stringify(result));
}
console.log(table(results));
if (options.processes)
  console.log(`\nOn this machine, 4 processes of 8 members:\n\n${table([await onThisMachine()])}`);
if (options.svg !== undefined) writeFileSync(options.svg, picture(results));

/** @returns per member and second, and for one join and one death in all */
async function simulated(size) {
  const world = simulate({ seed: size, latency: [1, 5], trace: false, timeLimit: 30 * 60_000 });
  let result;
  await world.run(async () => {
    const traffic = { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0 };
    world.onPacket(({ sender, receiver, to, data }, fate) => {
      // A multicast is one packet, of which each host has a copy, its sender too.
      const isOwn = sender === receiver;
      const isMulticast = to.host.startsWith('239.');
      if (fate === 'sent' && (!isMulticast || isOwn)) {
        traffic.sent++;
        traffic.sentBytes += data.length;
      } else if (fate === 'delivered' && !isOwn) {
        traffic.received++;
        traffic.receivedBytes += data.length;
      }
    });
    const join = index => world.host(`m${index}`).join(groupAddress, { name: 'traffic', timeout: 120_000 });
    const members = await Promise.all(Array.from({ length: size }, (_, index) => join(index)));
    const agreed = async (group, count) => {
      while (group.some(({ view }) => view.members.length !== count)) await world.sleep(10);
    };
    const counted = async work => {
      const before = { ...traffic };
      const from = world.now;
      await work();
      const took = (world.now - from) / 1000;
      return {
        took,
        ...Object.fromEntries(Object.keys(before).map(key => [key, traffic[key] - before[key]])),
      };
    };
    await agreed(members, size);
    await world.sleep(5000);
    const idle = await counted(() => world.sleep(seconds * 1000));
    const beyondIdle = ({ took, sent }) => Math.round(sent - (idle.sent / idle.took) * took);
    const joined = await counted(async () => {
      members.push(await join(size));
      await agreed(members, size + 1);
    });
    await world.sleep(2000);
    const died = await counted(async () => {
      world.host(`m${size - 1}`).crash();
      members.splice(size - 1, 1);
      await agreed(members, size);
    });
    result = {
      size,
      ...each(idle, size, idle.took),
      join: beyondIdle(joined),
      joinMs: Math.round(joined.took * 1000),
      death: beyondIdle(died),
      deathMs: Math.round(died.took * 1000),
    };
    await Promise.all(members.map(member => member.destroy().catch(() => {})));
  });
  return result;
}

async function onThisMachine() {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const address = `udp+multicast://239.255.77.2:${port}?interface=127.0.0.1&ttl=0`;
  const processes = await Promise.all(Array.from({ length: 4 }, () => start('./traffic-members.mjs')));
  try {
    await Promise.all(processes.map(each => each.ask('join', { address, count: 8 })));
    await Promise.all(processes.map(each => each.ask('agreed', { members: 32 })));
    await new Promise(resolve => setTimeout(resolve, 5000));
    const before = await Promise.all(processes.map(each => each.ask('count')));
    await new Promise(resolve => setTimeout(resolve, seconds * 1000));
    const after = await Promise.all(processes.map(each => each.ask('count')));
    const sum = key => after.reduce((all, each, index) => all + each[key] - before[index][key], 0);
    const idle = Object.fromEntries(Object.keys(after[0]).map(key => [key, sum(key)]));
    return { size: 32, ...each(idle, 32, seconds), cpu: idle.cpu / 32 / seconds / 10 };
  } finally {
    await Promise.all(processes.map(each => each.end()));
  }
}

function each({ sent, sentBytes, received, receivedBytes }, size, time) {
  const rate = count => Number((count / size / time).toPrecision(3));
  return {
    sent: rate(sent),
    sentBytes: rate(sentBytes),
    received: rate(received),
    receivedBytes: rate(receivedBytes),
  };
}

function table(rows) {
  const titles = {
    size: 'members',
    sent: 'packets/s sent by each',
    sentBytes: 'bytes/s',
    received: 'packets/s received by each',
    receivedBytes: 'bytes/s',
    join: 'packets for one join',
    joinMs: 'ms',
    death: 'packets for one death',
    deathMs: 'ms',
    cpu: '% of a core for each member',
  };
  const keys = Object.keys(titles).filter(key => rows[0][key] !== undefined);
  const lines = [keys.map(key => titles[key]), keys.map(() => '---:')];
  for (const row of rows)
    lines.push(keys.map(key => Number(row[key].toPrecision(3)).toLocaleString('en-US')));
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n');
}

function picture(rows) {
  return plot({
    title: 'Packets a second at each member of an idle group, against its size',
    unit: 'members',
    places: rows.map(({ size }) => size),
    series: [
      { name: 'received', values: rows.map(({ received }) => received) },
      { name: 'sent', values: rows.map(({ sent }) => sent) },
    ],
  });
}
