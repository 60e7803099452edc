/** A view of 32 members on one machine: four processes of eight members each, on the loopback interface. */
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { talkTo } from './lines.js';

const program = new URL('../programs/group-members.mjs', import.meta.url);
const port = 20_000 + (process.pid % 20_000);
const address = `udp+multicast://239.255.77.3:${port}?interface=127.0.0.1&ttl=0`;

const startMembers = (count: number) =>
  talkTo(
    spawn(process.execPath, [program.pathname, JSON.stringify({ address, count })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );

const viewIn = (line: string): { readonly id: string; readonly members: number } => JSON.parse(line);

test('32 members are in one view, and 24 when one of four processes is killed', async () => {
  const processes = Array.from({ length: 4 }, () => startMembers(8));
  const agree = async (on: typeof processes, members: number): Promise<void> => {
    const isTold = (lines: readonly string[]): boolean =>
      lines.length > 0 && viewIn(lines.at(-1)!).members === members;
    await Promise.all(on.map(each => each.until(isTold)));
    expect(new Set(on.map(({ lines }) => viewIn(lines.at(-1)!).id)).size).toBe(1);
  };
  await agree(processes, 32);
  processes[1]!.signal('SIGKILL');
  await processes[1]!.gone;
  await agree(
    processes.filter(each => each !== processes[1]),
    24,
  );
});
