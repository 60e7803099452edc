/** Runs the benchmark: `npm run bench`, `npm run bench -- --help`. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCell } from './cell.mjs';
import { contestants } from './contestants.mjs';
import { describeMachine, formatReport, formatValue } from './report.mjs';
import { setUp } from './setup.mjs';
import { canPin } from './worker-process.mjs';
import { workloads } from './workloads.mjs';

const full = {
  rounds: 7,
  workloads: Object.keys(workloads),
  times: { warmUp: { ms: 500, calls: 10_000, mostMs: 4000 }, measureMs: 1500 },
};
const quick = {
  rounds: 3,
  workloads: ['w1', 'w2'],
  times: { warmUp: { ms: 300, calls: 5_000, mostMs: 2000 }, measureMs: 500 },
};

const help = `npm run bench -- [options]

  --quick               about a minute: fewer workloads, rounds and calls
  --workloads w1,w2     of ${Object.keys(workloads).join(', ')}
  --contestants a,b     of ${Object.keys(contestants).join(', ')}
  --rounds 7            at least 1
  --json FILE           the figures of each cell, too
`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    workloads: { type: 'string' },
    contestants: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(help);
else await run(readPlan());

function readPlan() {
  const plan = options.quick ? quick : full;
  const rounds = Number(options.rounds ?? plan.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds ${options.rounds} is not a number from 1`);
  return {
    rounds,
    workloads: chosen('workloads', workloads, plan.workloads),
    contestants: chosen('contestants', contestants, Object.keys(contestants)),
    times: plan.times,
    isPinned: canPin(),
  };
}

function chosen(option, known, otherwise) {
  const names = options[option]?.split(',') ?? otherwise;
  for (const name of names) {
    if (!Object.hasOwn(known, name))
      fail(`--${option}: '${name}' is none of ${Object.keys(known).join(', ')}`);
  }
  return names;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

/** In each round each contestant runs each workload once; who begins turns from round to round. */
async function run(plan) {
  setUp();
  const machine = describeMachine(plan);
  const cells = [];
  for (let round = 0; round < plan.rounds; round++) {
    for (const workload of plan.workloads) {
      for (const contestant of inTurn(plan.contestants, workload, round)) {
        const result = await runCell({ ...plan, contestant, workload });
        cells.push({ round, workload, contestant, ...result });
        const outcome = result.error ?? `${formatValue(result.value)} ${workloads[workload].unit}`;
        console.error(`round ${round + 1} of ${plan.rounds}  ${workload}  ${contestant}: ${outcome}`);
      }
    }
  }
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, plan, cells }, undefined, 1)}\n`);
  }
  console.log(formatReport(machine, cells));
  if (cells.some(({ error }) => error !== undefined)) process.exitCode = 1;
}

function inTurn(names, workload, round) {
  const able = names.filter(name => contestants[name].workloads?.includes(workload) ?? true);
  return able.map((_, index) => able[(index + round) % able.length]);
}
