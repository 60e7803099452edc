/** Items of a stream, read from standard input: one JSON value a line. */
import { MarshalError } from '@convoke/runtime/codegen';
import type { Input } from './io.js';
import { UnfitItem } from './remote.js';

/**
 * The items, each read when it is asked for; empty lines are passed over.
 *
 * @param fromJson throws a `MarshalError` for what is no item
 * @throws UnfitItem where a line is no item
 */
export async function* readItems(
  input: Input,
  fromJson: (json: unknown) => unknown,
): AsyncGenerator<unknown> {
  let number = 0;
  for await (const line of lines(input)) {
    number++;
    if (line.trim() !== '') yield parseItem(line, number, fromJson);
  }
}

function parseItem(line: string, number: number, fromJson: (json: unknown) => unknown): unknown {
  try {
    return fromJson(JSON.parse(line));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof MarshalError)) throw error;
    throw new UnfitItem(`line ${number} of standard input: ${error.message}`, { cause: error });
  }
}

async function* lines(input: Input): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of input) {
    rest += typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    const complete = rest.split('\n');
    rest = complete.pop()!;
    yield* complete;
  }
  yield rest + decoder.decode();
}
