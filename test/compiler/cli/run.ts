import type { Input } from '../../../compiler/src/cli/io.js';
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
  /** Instead of `stdin`. */
  readonly input?: Input;
  readonly stopped?: AbortSignal;
}

/** Runs the command line in a folder, and keeps what it writes. */
export async function convoke(
  cwd: string,
  argv: readonly string[],
  { terminal = false, env = {}, stdin = [], input, stopped = new AbortController().signal }: RunOptions = {},
): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    isTTY: terminal,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    stdin: input ?? inPieces(stdin),
    cwd,
    env,
    stopped: () => stopped,
  };
  const exitCode = await main(argv, io);
  return { exitCode, ...written };
}

async function* inPieces(pieces: Iterable<string>): AsyncGenerator<string> {
  yield* pieces;
}
