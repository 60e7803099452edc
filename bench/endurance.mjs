/**
 * Ten minutes of full load: a thousand clients, half of them over UDP and half over TCP, call one server as fast as they
 * can. Prints what memory both processes take, and draws it.
 *
 *   node bench/endurance.mjs [--minutes 10] [--clients 1000] [--svg FILE]
 */
import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect, implement, serve } from '@convoke/runtime';
import { Bench } from './dist/bench/index.js';
import { plot } from './plot.mjs';

const roles = { server: runServer, clients: runClients };
const role = roles[process.argv[2]];
if (role === undefined) await main();
else await role(...process.argv.slice(3));

/** Serves until its parent says that it is enough. */
async function runServer() {
  const server = await serve({
    listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'],
    services: [implement(Bench, { echo: sample => sample, bytes: data => data })],
  });
  process.send({ addresses: server.addresses });
  report(() => ({ calls: server.stats().executed, history: server.stats().historyEntries }));
  process.once('message', async () => {
    await server.close();
    process.exit();
  });
}

/** Calls until its parent says that it is enough: each client has one call under way at any time. */
async function runClients(count, ...addresses) {
  let calls = 0;
  let failures = 0;
  let isOver = false;
  const data = new Uint8Array(100);
  const channels = await Promise.all(
    Array.from({ length: Number(count) }, (_, index) => connect(addresses[index % addresses.length])),
  );
  const run = async channel => {
    const { bytes } = channel.client(Bench);
    while (!isOver) {
      try {
        await bytes(data);
        calls++;
      } catch {
        failures++;
      }
    }
  };
  const running = channels.map(run);
  report(() => ({ calls, failures }));
  process.once('message', async () => {
    isOver = true;
    await Promise.all(running);
    await Promise.all(channels.map(channel => channel.close()));
    process.exit();
  });
}

function report(figures) {
  setInterval(() => process.send({ rss: process.memoryUsage.rss(), ...figures() }), 1000).unref();
}

async function main() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      clients: { type: 'string', default: '1000' },
      svg: { type: 'string' },
    },
  });
  const self = fileURLToPath(import.meta.url);
  const server = fork(self, ['server']);
  const { addresses } = await new Promise(resolve => server.once('message', resolve));
  const clients = fork(self, ['clients', values.clients, ...addresses]);
  const samples = { server: [], clients: [] };
  server.on('message', sample => samples.server.push(sample));
  clients.on('message', sample => samples.clients.push(sample));
  await new Promise(resolve => setTimeout(resolve, Number(values.minutes) * 60_000));
  clients.send('enough');
  await new Promise(resolve => clients.once('exit', resolve));
  server.send('enough');
  await new Promise(resolve => server.once('exit', resolve));

  const megabytes = list => list.map(({ rss }) => rss / 2 ** 20);
  for (const [name, list] of Object.entries(samples)) {
    const quarter = Math.floor(list.length / 4);
    const peak = part => Math.max(...megabytes(part)).toFixed(0);
    console.log(
      `${name}: at most ${peak(list.slice(quarter, 2 * quarter))} MiB in the second quarter, ${peak(list.slice(-quarter))} MiB in the last`,
    );
  }
  const last = samples.clients.at(-1);
  console.log(`${last.calls} calls, ${last.failures} failures`);
  if (values.svg === undefined) return;
  const series = [
    { name: 'server', values: megabytes(samples.server) },
    { name: `${values.clients} clients`, values: megabytes(samples.clients) },
  ];
  await writeFile(values.svg, plot({ title: 'Resident memory under full load, MiB', unit: 's', series }));
}
