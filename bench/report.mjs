/** From the figures of the cells to tables in Markdown. */
import os from 'node:os';
import process from 'node:process';
import { contestants } from './contestants.mjs';
import { workloads } from './workloads.mjs';

const wholeNumber = { maximumFractionDigits: 0 };
const bases = ['raw-tcp', 'grpc-js'];

export function describeMachine({ isPinned, rounds, times }) {
  const [{ model }] = os.cpus();
  const pinning = isPinned
    ? 'processes held on cores by taskset'
    : 'processes not held on cores: no taskset here';
  return [
    `${os.cpus().length} × ${model}, ${os.type()} ${os.arch()}, Node.js ${process.version}, ${pinning}.`,
    `${rounds} rounds, ${times.measureMs} ms of calls each after the warm-up.`,
  ].join('\n');
}

export function formatReport(machine, cells) {
  const tables = Object.keys(workloads)
    .filter(name => cells.some(({ workload }) => workload === name))
    .map(name =>
      formatWorkload(
        name,
        cells.filter(({ workload }) => workload === name),
      ),
    );
  return [machine, ...tables].join('\n\n');
}

/** Three significant digits, and all that stand before the point. */
export function formatValue(value) {
  const digits = value < 100 ? { minimumSignificantDigits: 3, maximumSignificantDigits: 3 } : wholeNumber;
  return value.toLocaleString('en-US', digits);
}

function formatWorkload(name, cells) {
  const workload = workloads[name];
  const columns = workload.connections === undefined ? callColumns(workload) : connectionColumns(workload);
  const groups = Object.keys(contestants)
    .map(contestant => ({ contestant, cells: cells.filter(cell => cell.contestant === contestant) }))
    .filter(group => group.cells.length > 0)
    .map(toGroup);
  const rows = groups.map(group => [
    contestants[group.contestant].title,
    ...columns.map(([, format]) => (group.good.length === 0 ? '–' : format(group, groups))),
    group.good.length === group.all ? `${group.all}` : `${group.good.length} of ${group.all}`,
  ]);
  const table = formatTable([['contestant', ...columns.map(([title]) => title), 'rounds'], ...rows]);
  return [`### ${name}: ${workload.title}`, table, ...formatRetransmissions(groups)].join('\n\n');
}

function toGroup({ contestant, cells }) {
  const good = cells.filter(({ error }) => error === undefined);
  return { contestant, good, all: cells.length, median: key => median(good.map(cell => cell[key])) };
}

function callColumns({ unit }) {
  return [
    ...valueColumns(unit),
    ['p50 µs', ({ median }) => formatValue(median('p50'))],
    ['p99 µs', ({ median }) => formatValue(median('p99'))],
    [
      'CPU s/100k calls, client + server',
      ({ median }) => `${formatValue(median('clientCpu'))} + ${formatValue(median('serverCpu'))}`,
    ],
  ];
}

function connectionColumns({ unit }) {
  return [...valueColumns(unit), ['of it JavaScript heap', ({ median }) => formatValue(median('heap'))]];
}

function valueColumns(unit) {
  return [
    [unit, ({ median }) => formatValue(median('value'))],
    ['min–max', ({ good }) => range(good.map(({ value }) => value))],
    ...bases.map(base => [`× ${contestants[base].title}`, (group, groups) => ratio(group, groups, base)]),
  ];
}

function range(values) {
  return `${formatValue(Math.min(...values))}–${formatValue(Math.max(...values))}`;
}

function ratio(group, groups, base) {
  const other = groups.find(({ contestant, good }) => contestant === base && good.length > 0);
  return other === undefined ? '–' : formatValue(group.median('value') / other.median('value'));
}

/** Where a contestant counts them: datagrams get lost on the loopback interface too, when a socket's buffer is full. */
function formatRetransmissions(groups) {
  const counts = groups.flatMap(({ contestant, good }) => {
    const counted = good.filter(({ stats }) => stats?.retransmitted !== undefined);
    if (counted.length === 0) return [];
    const sum = counted.reduce((total, { stats }) => total + stats.retransmitted, 0);
    return [`${contestants[contestant].title} ${sum.toLocaleString('en-US', wholeNumber)}`];
  });
  return counts.length === 0 ? [] : [`Requests sent again in all rounds together: ${counts.join(', ')}.`];
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The first row is the head; all columns but the first are flush right. */
function formatTable([head, ...rows]) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(row => row[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]));
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [head, rule, ...rows].map(row => `| ${row.map(pad).join(' | ')} |`).join('\n');
}
