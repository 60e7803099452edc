import { main } from '../../../compiler/src/cli/main.js';

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly terminal?: boolean;
  readonly env?: Record<string, string>;
  /** What is read from standard input, piece by piece. */
  readonly stdin?: Iterable<string>;
  readonly stopped?: AbortSignal;
}

/** Runs the command line in a folder, and keeps what it writes. */
export async function convoke(
  cwd: string,
  argv: readonly string[],
  { terminal = false, env = {}, stdin = [], stopped = new AbortController().signal }: RunOptions = {},
): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    isTTY: terminal,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const input = (async function* () {
    yield* stdin;
  })();
  const io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    stdin: input,
    cwd,
    env,
    stopped: () => stopped,
  };
  const exitCode = await main(argv, io);
  return { exitCode, ...written };
}
