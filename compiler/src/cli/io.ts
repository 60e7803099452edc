/** The process as the command line sees it, so that tests can stand in for it. */

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
  /** Nothing more is read. */
  destroy?(): unknown;
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  /** The working directory. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A signal that is aborted when the user interrupts the command (Ctrl+C), or nobody reads what it writes any more. */
  stopped(): AbortSignal;
}

/** The reason with which the signal is aborted when nobody reads any more: no fault of anybody's. */
export const nobodyReads: unique symbol = Symbol('nobody reads what is written any more');

/** Of this process. A reader that stops reading (`convoke check | head`) is no error and changes no exit code. */
export function openProcessIo(): Io {
  const stop = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      stop.abort(nobodyReads);
    });
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    // Looking at it opens it, which most commands have no use for.
    get stdin() {
      return process.stdin;
    },
    cwd: process.cwd(),
    env: process.env,
    stopped() {
      process.once('SIGINT', () => stop.abort());
      return stop.signal;
    },
  };
}

/** Colours only where a person reads them and does not object (https://no-color.org). */
export function wantsColour(output: Output, env: Io['env']): boolean {
  return output.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
