/** `convoke call`: calls a procedure of a running server, with JSON. */
import { MarshalError } from '@convoke/runtime/codegen';
import { offeredProcedures } from '../model/interfaces.js';
import { streamParameter } from '../model/procedures.js';
import { argumentsFromJson, callWithJson, itemFromJson } from '../remote/call.js';
import { fetchInterface, listInterfaces } from '../remote/schema.js';
import { parseCallOptions, type RemoteCommandOptions } from './call-options.js';
import type { Io } from './io.js';
import { readItems } from './items.js';
import { printable } from './printable.js';
import { withChannel } from './remote.js';
import { checkProcedure, chooseInterface, parseTarget } from './remote-names.js';
import { UsageError } from './usage-error.js';

/**
 * @param word such as `Bank.balance`
 * @param text the arguments as JSON
 * @throws UsageError where a word is not what it should be
 */
export async function runCall(
  address: string,
  word: string,
  text: string,
  options: RemoteCommandOptions,
  io: Io,
): Promise<number> {
  const wanted = parseTarget(word);
  const callOptions = { ...parseCallOptions(options), signal: io.stopped() };
  const { deadline, signal } = callOptions;
  const asking = { signal, ...(deadline !== undefined && { deadline }) };
  const json = parseJson(text);
  return withChannel(address, options, io, async channel => {
    const chosen = chooseInterface(wanted.interface, await listInterfaces(channel, asking));
    checkProcedure(wanted.procedure, chosen);
    const target = await fetchInterface(channel, chosen.name, asking);
    const procedure = offeredProcedures(target.declaration).find(({ name }) => name === wanted.procedure)!;
    const values = orUsageError(() => argumentsFromJson(procedure, json));
    const call = { target, procedure, values, options: callOptions };
    if (streamParameter(procedure) === undefined) return print(callWithJson(channel, call), io);
    if (io.stdin.isTTY) io.stderr.write('One JSON value a line; Ctrl+D ends the stream.\n');
    const items = readItems(io.stdin, each => itemFromJson(procedure, each));
    try {
      await print(callWithJson(channel, { ...call, items }), io);
    } finally {
      io.stdin.destroy?.();
    }
  });
}

/** One a line, as they come. */
async function print(results: AsyncIterable<unknown>, io: Io): Promise<void> {
  for await (const result of results) io.stdout.write(`${printable(JSON.stringify(result))}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The arguments are not JSON: ${reason}. Write them like '{"id":"alice"}'.`, {
      cause: error,
    });
  }
}

function orUsageError<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof MarshalError)) throw error;
    throw new UsageError(`The arguments do not fit. ${error.message}`, { cause: error });
  }
}
