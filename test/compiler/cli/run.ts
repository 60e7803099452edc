import { main } from '../../../compiler/src/cli/main.js';

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a folder, and keeps what it writes. */
export async function convoke(
  cwd: string,
  argv: readonly string[],
  { terminal = false, env = {} }: { terminal?: boolean; env?: Record<string, string> } = {},
): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    isTTY: terminal,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const io = { stdout: output('stdout'), stderr: output('stderr'), cwd, env };
  const exitCode = await main(argv, io);
  return { exitCode, ...written };
}
