/** `convoke call` and `convoke describe` against the example's bank, each a process of its own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../compiler/temporary.js';
import { root } from '../docs/samples.js';

const server = join(root, 'examples/dist/bank/server.js');
const command = join(root, 'compiler/bin/convoke.js');

async function openBank(listen: string): Promise<string> {
  const bank = spawn(process.execPath, [server, listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    bank.kill('SIGKILL');
    if (bank.exitCode === null && bank.signalCode === null) await once(bank, 'exit');
  });
  const [line] = (await once(createInterface(bank.stdout), 'line')) as [string];
  return /open at (\S+);/.exec(line)![1]!;
}

interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function convoke(...words: string[]): Promise<Run> {
  return new Promise(resolve => {
    execFile(process.execPath, [command, ...words], (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const listens = [
  ['udp', () => 'udp://127.0.0.1:0'],
  ['tcp', () => 'tcp://127.0.0.1:0'],
  ['unix', () => `unix:${join(temporaryFolder(), 'bank.sock')}`],
] as const;

test.each(listens)('the bank of the example is called and described over %s', async (_, listen) => {
  const address = await openBank(listen());
  const call = (procedure: string, json: unknown) =>
    convoke('call', address, procedure, JSON.stringify(json));

  const opened = await call('Bank.open', { id: 'alice', owner: 'Alice' });
  expect(opened).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(opened.stdout)).toMatchObject({ id: 'alice', balance: { units: 0, currency: 'eur' } });
  expect(await call('Bank.balance', { id: 'bob' })).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'convoke: bank.v1.NoSuchAccount {"id":"bob"}\n',
  });
  const schema = await convoke('describe', address, 'Bank');
  expect(schema).toMatchObject({ exitCode: 0, stderr: '' });
  expect(schema.stdout).toContain('/// A bank that counts every cent.');
  expect(schema.stdout).not.toContain('CarelessBank {');
});

test('a stream is printed item by item, and ends when the user interrupts it', async () => {
  const address = await openBank('tcp://127.0.0.1:0');
  const watching = spawn(process.execPath, [command, 'call', address, 'Health.watch'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [first] = (await once(createInterface(watching.stdout), 'line')) as [string];
  expect(first).toBe('"serving"');
  watching.kill('SIGINT');
  expect(await once(watching, 'exit')).toEqual([1, null]);
});
