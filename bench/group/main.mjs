/** Measures groups: `npm run bench:group`, `npm run bench:group -- --help`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rows } from './rows.mjs';

const help = `npm run bench:group -- [options]

  --only fifo2,call2   of ${Object.keys(rows).join(', ')}
  --contestants raw    of convoke, raw
  --rounds 5           at least 1
  --milliseconds 2000  of sending or calling in each cell, after the warm-up
  --json FILE          the figures of each cell, too
`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    contestants: { type: 'string', default: 'convoke,raw' },
    rounds: { type: 'string', default: '5' },
    milliseconds: { type: 'string', default: '2000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(help);
else await run();

/** In each round each contestant runs each row once, and who begins turns from round to round. */
async function run() {
  const names = options.only?.split(',') ?? Object.keys(rows);
  for (const name of names)
    if (!Object.hasOwn(rows, name)) fail(`--only: '${name}' is none of these\n${help}`);
  const rounds = Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds ${options.rounds} is not a number from 1`);
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  spawnSync('npx', ['tsc', '-b', 'bench'], { cwd, stdio: 'inherit' });

  const cells = [];
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      for (const contestant of inTurn(rows[name].contestants, round)) {
        const result = await runCell(name, contestant);
        cells.push({ round, row: name, contestant, ...result });
        console.error(`round ${round + 1} of ${rounds}  ${name}  ${contestant}: ${JSON.stringify(result)}`);
      }
    }
  }
  const [{ model }] = os.cpus();
  const machine = `${os.cpus().length} × ${model}, ${os.type()} ${os.arch()}, Node.js ${process.version}; load ${os.loadavg()[0].toFixed(1)} at the end`;
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, rounds, cells }, undefined, 1)}\n`);
  }
  console.log(`${machine}. ${rounds} rounds, medians (least–most).\n\n${table(names, cells)}`);
  if (cells.some(({ error }) => error !== undefined)) process.exitCode = 1;
}

async function runCell(name, contestant) {
  try {
    return await rows[name].run(contestant, Number(options.milliseconds));
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function inTurn(contestants, round) {
  const chosen = contestants.filter(name => options.contestants.split(',').includes(name));
  return chosen.map((_, index) => chosen[(index + round) % chosen.length]);
}

function table(names, cells) {
  const head = [
    'work',
    'unit',
    'Convoke',
    'JGroups',
    'aim',
    'raw',
    'part of raw',
    'CPU µs each, sender + receiver',
  ];
  const lines = [head, head.map((_, at) => (at < 2 ? '---' : '---:'))];
  for (const name of names) {
    const of = contestant => cells.filter(cell => cell.row === name && cell.contestant === contestant);
    const [convoke, raw] = [of('convoke'), of('raw')];
    for (const { of: key, name: part, unit, jgroups = '–', aim = '–' } of rows[name].measures) {
      const [ours, limit] = [valuesOf(convoke, key), valuesOf(raw, key)];
      lines.push([
        part === undefined ? rows[name].title : `${rows[name].title}: ${part}`,
        unit,
        spread(ours),
        jgroups,
        aim,
        spread(limit),
        ours.length > 0 && limit.length > 0 ? (median(ours) / median(limit)).toFixed(2) : '–',
        cost(convoke),
      ]);
    }
  }
  return lines.map(cellsOfLine => `| ${cellsOfLine.join(' | ')} |`).join('\n');
}

function valuesOf(cells, key) {
  return cells.filter(cell => cell[key] !== undefined).flatMap(cell => cell[key]);
}

function spread(values) {
  if (values.length === 0) return '–';
  return `${format(median(values))} (${format(Math.min(...values))}–${format(Math.max(...values))})`;
}

function cost(cells) {
  const [sender, receiver] = ['senderCpu', 'receiverCpu'].map(key => valuesOf(cells, key));
  return sender.length === 0 ? '–' : `${median(sender).toFixed(2)} + ${median(receiver).toFixed(2)}`;
}

function format(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  return value.toFixed(0);
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
