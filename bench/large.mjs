/** Measures long messages over UDP: `npm run bench:large`, `npm run bench:large -- --help`. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { controls, share, whyNot } from './large/fairness.mjs';
import { start } from './large/processes.mjs';

const help = `npm run bench:large -- [options]

  --rounds 7      transfers of each kind
  --mebibytes 16  the length of a message
  --seconds 30    how long two flows share a wire; 0: they do not
`;

/** Queues of one and of two round trips' bytes. */
const wires = [
  { bytesPerSecond: 1_250_000, delayMs: 20, queueBytes: 50_000 },
  { bytesPerSecond: 1_250_000, delayMs: 20, queueBytes: 100_000 },
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    mebibytes: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(help);
else {
  spawnSync('npx', ['tsc', '-b', 'bench', 'examples'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
  });
  await measureTransfers(Number(options.rounds), Number(options.mebibytes));
  await measureFairness(Number(options.seconds));
}

/** One message at a time, each by a client of its own. The kinds take turns, so that they meet the same weather. */
async function measureTransfers(rounds, mebibytes) {
  const [server, client, wire] = await Promise.all(
    ['./peer.mjs', './peer.mjs', './lossy-wire.mjs'].map(script => start(script)),
  );
  const address = await server.ask('serve', 'udp://127.0.0.1:0');
  const serverPort = Number(address.split(':').at(-1));
  const relay = (loss, seed) => wire.ask('relay', { serverPort, loss, seed });
  const ways = {
    'no wire between': serverPort,
    'through a relay': await relay(0, 1),
    'through a relay that loses 5 %': await relay(0.05, 2),
  };
  const taken = new Map();
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [way, port] of Object.entries(ways)) {
        for (const direction of ['upload', 'download']) {
          const to = `udp://127.0.0.1:${port}`;
          const { milliseconds, cpu } = await client.ask('transfer', {
            address: to,
            direction,
            size: mebibytes << 20,
          });
          const key = `${way} | ${direction}`;
          taken.set(key, [...(taken.get(key) ?? []), { milliseconds, cpu }]);
        }
      }
    }
  } finally {
    await Promise.all([server, client, wire].map(process => process.end()));
  }
  console.log(`${mebibytes} MiB in one message, ${rounds} rounds, milliseconds: median (least to most)\n`);
  console.log("| way | direction | time | MB/s | client's processor time |\n| --- | --- | --- | --- | --- |");
  for (const [key, transfers] of taken) {
    const times = transfers.map(({ milliseconds }) => milliseconds);
    const cpu = median(transfers.map(transfer => transfer.cpu));
    const [least, most] = [Math.min(...times), Math.max(...times)];
    const rate = (mebibytes * 1048.576) / median(times);
    console.log(
      `| ${key} | ${whole(median(times))} (${whole(least)} to ${whole(most)}) | ${whole(rate)} | ${whole(cpu)} |`,
    );
  }
}

async function measureFairness(seconds) {
  const reason = seconds === 0 ? '--seconds is 0' : whyNot();
  if (reason !== undefined) {
    console.log(`\nNo wire is shared with TCP: ${reason}.`);
    return;
  }
  console.log(`\nTCP and UDP on one wire, for ${seconds} s each, kB/s\n`);
  console.log('| wire | TCP | its part | UDP | its part |\n| --- | --- | --- | --- | --- |');
  for (const control of controls()) {
    for (const wire of wires) {
      const { tcp, udp } = await share({ control, seconds, ...wire });
      const part = one => `${whole((100 * one) / (tcp + udp))} %`;
      const title = `${whole((wire.bytesPerSecond * 8) / 1e6)} Mbit/s, ${2 * wire.delayMs} ms, queue ${wire.queueBytes / 1000} kB`;
      console.log(
        `| ${title} | ${control}: ${whole(tcp / 1000)} | ${part(tcp)} | ${whole(udp / 1000)} | ${part(udp)} |`,
      );
    }
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function whole(value) {
  return value.toFixed(0);
}
