/** `npm run demo`: what each call semantics is worth, between real processes on a network that is as bad as it gets. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../processes.js';
import type { WireDuties } from '../wire/program.js';
import type { BankDuties } from './bank-program.js';
import type { CustomerDuties } from './customer-program.js';
import { isPromiseKept } from './money.js';
import { reportOf } from './report.js';
import { paint } from './table.js';
import { type Scheme, semantics, tills } from './tills.js';
import { type Cast, datagramFaults, runTrial, streamFaults, type TrafficOf, type Trial } from './trial.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const customers = ['alice', 'bob'];

const percent = (share: number): string => `${100 * share} %`;

const conditions: Readonly<Record<Scheme, string>> = {
  udp: `Over UDP: the wire loses ${percent(datagramFaults.loss)} of all packets, doubles ${percent(datagramFaults.duplicate)} and lets ${percent(datagramFaults.reorder)} be overtaken.`,
  tcp: `Over TCP: the wire cuts each connection after ${streamFaults.life.join(' to ')} bytes, wherever that is.`,
};

function compile(): void {
  console.log(paint('bold', '1  Compile idl/bank.idl'));
  const words = ['generate', '--out', 'generated'];
  console.log(`   $ convoke ${words.join(' ')}`);
  const output = execFileSync(process.execPath, ['compiler/bin/convoke.js', ...words], { cwd: root });
  console.log(`   ${output.toString().trim()}\n`);
}

function start(): Cast {
  const cast: Cast = {
    bank: startProgram<BankDuties>(new URL('./bank-program.js', import.meta.url)),
    wire: startProgram<WireDuties>(new URL('../wire/program.js', import.meta.url)),
    customers: new Map(
      customers.map(name => [
        name,
        startProgram<CustomerDuties>(new URL('./customer-program.js', import.meta.url)),
      ]),
    ),
  };
  console.log(paint('bold', '2  Start a bank, its customers, and a bad wire between them'));
  const pids = [...cast.customers].map(([name, { pid }]) => `${name} ${pid}`).join(', ');
  console.log(`   processes: bank ${cast.bank.pid}, ${pids}, wire ${cast.wire.pid}\n`);
  return cast;
}

async function show<S extends Scheme>(cast: Cast, scheme: S, step: number): Promise<Trial<TrafficOf[S]>[]> {
  console.log(paint('bold', `${step}  ${conditions[scheme]}`));
  const trials = await Promise.all(semantics.map((each, i) => runTrial(cast, scheme, each, 10 * step + i)));
  console.log(`\n${reportOf(scheme, trials)}\n`);
  return trials;
}

function advise(): void {
  console.log(paint('bold', '5  Which to choose? The schema says it, procedure by procedure'));
  for (const each of semantics) console.log(`   ${each.padEnd(15)}${tills[each].advice}`);
}

/** One line that says what was seen. */
function conclude(udp: readonly Trial<TrafficOf['udp']>[], tcp: readonly Trial<TrafficOf['tcp']>[]): void {
  const broken = [...namesOfBroken('UDP', udp), ...namesOfBroken('TCP', tcp)];
  if (broken.length > 0) {
    process.exitCode = 1;
    console.log(paint('yellow', `\nBROKEN: the promise of ${broken.join(' and of ')}`));
    return;
  }
  const lost = udp.find(each => each.semantics === 'at-most-once')?.traffic.lost;
  const cut = tcp.find(each => each.semantics === 'at-most-once')?.traffic.cut;
  const seen = `at-most-once met ${lost} lost packets and ${cut} cut connections, and no cent is wrong.`;
  console.log(paint('green', `\nAll promises kept: ${seen}`));
}

function namesOfBroken(transport: string, trials: readonly Trial[]): string[] {
  return trials.filter(trial => !isPromiseKept(trial)).map(trial => `${trial.semantics} over ${transport}`);
}

compile();
const cast = start();
try {
  const udp = await show(cast, 'udp', 3);
  const tcp = await show(cast, 'tcp', 4);
  advise();
  conclude(udp, tcp);
} finally {
  await Promise.all([cast.bank, cast.wire, ...cast.customers.values()].map(program => program.stop()));
}
