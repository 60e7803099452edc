/** The `convoke` command. */
import { CommanderError } from 'commander';
import { type Io, openProcessIo } from './io.js';
import { createProgram } from './program.js';
import { UsageError } from './usage-error.js';

/**
 * Runs the command line.
 *
 * @param argv what follows the command's own name
 * @returns the exit code: 0 nothing wrong, 1 the input is wrong, 2 the command was used wrongly
 */
export async function main(argv: readonly string[], io: Io = openProcessIo()): Promise<number> {
  let exitCode = 0;
  try {
    const program = createProgram(io, code => {
      exitCode = code;
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr.write(`convoke: ${error.message}\n`);
      return 2;
    }
    // Commander has already written what is to be said.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
