/** What commands that call a server have in common: a channel, and what is said when a call fails. */
import { CallError, type Channel, connect } from '@convoke/runtime';
import { DynamicError } from '../dynamic/description.js';
import { fieldsToJson } from '../dynamic/json/to-json.js';
import { RemoteSchemaError } from '../remote/schema.js';
import { type RemoteCommandOptions, readTls } from './call-options.js';
import { type Io, nobodyReads } from './io.js';
import { printable } from './printable.js';
import { UsageError } from './usage-error.js';

/**
 * Opens a channel, uses it, and closes it. What fails at the server is told on standard error, or as JSON on standard
 * output.
 *
 * @returns the exit code
 * @throws UsageError where the address is none, or a certificate cannot be read
 */
export async function withChannel(
  address: string,
  options: RemoteCommandOptions,
  io: Io,
  use: (channel: Channel) => Promise<void>,
): Promise<number> {
  const channel = await connect(address, { tls: readTls(options) }).catch(error => {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  });
  try {
    await use(channel);
    return 0;
  } catch (error) {
    if (error instanceof CallError && error.cause === nobodyReads) return 0;
    const failure = describeFailure(error);
    if (failure === undefined) throw error;
    if (options.json) io.stdout.write(`${JSON.stringify(failure.json)}\n`);
    else io.stderr.write(`convoke: ${printable(failure.text)}\n`);
    return 1;
  } finally {
    await channel.close();
  }
}

/** A call that failed, for a person and for a program. */
interface Failure {
  readonly text: string;
  readonly json: unknown;
}

/** `undefined` for what is no failure of a call. */
function describeFailure(error: unknown): Failure | undefined {
  if (error instanceof DynamicError) {
    const { fullName: name, declaration } = error;
    const data = fieldsToJson(declaration.fields, error.data);
    return { text: `${name} ${JSON.stringify(data)}`, json: { error: name, data } };
  }
  if (error instanceof CallError && !(error.cause instanceof UnfitItem)) {
    const { code, outcome, attempts, message } = error;
    const sent = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
    return {
      text: `${code} (${outcome}, ${sent}): ${message}`,
      json: { error: code, outcome, attempts, message },
    };
  }
  const message = error instanceof CallError ? messageOf(error.cause) : messageOf(error);
  return message === undefined ? undefined : { text: message, json: { message } };
}

function messageOf(error: unknown): string | undefined {
  return error instanceof RemoteSchemaError || error instanceof UnfitItem ? error.message : undefined;
}

/** What was read from standard input is no item of the stream. */
export class UnfitItem extends Error {
  override readonly name = 'UnfitItem';
}
