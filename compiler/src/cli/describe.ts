/** `convoke describe`: what a running server offers. */
import {
  CallShape,
  type InterfaceSummary,
  type ProcedureSummary,
  Semantics,
} from '@convoke/runtime/services';
import { reach } from '../model/reach.js';
import { printModule, schemaPath } from '../print/print.js';
import { durationText } from '../print/values.js';
import { fetchInterface, listInterfaces, type RemoteInterface } from '../remote/schema.js';
import { parseCallOptions, type RemoteCommandOptions } from './call-options.js';
import type { Io } from './io.js';
import { printable } from './printable.js';
import { withChannel } from './remote.js';
import { chooseInterface } from './remote-names.js';

/**
 * @param word the name of an interface; without one, all are listed
 * @throws UsageError where a word is not what it should be
 */
export async function runDescribe(
  address: string,
  word: string | undefined,
  options: RemoteCommandOptions,
  io: Io,
): Promise<number> {
  const callOptions = { ...parseCallOptions(options), signal: io.stopped() };
  return withChannel(address, options, io, async channel => {
    const offered = await listInterfaces(channel, callOptions);
    const write = (json: readonly unknown[], text: () => string) => {
      if (options.json) for (const each of json) io.stdout.write(`${JSON.stringify(each)}\n`);
      else io.stdout.write(printable(text()));
    };
    if (word === undefined) {
      const summaries = offered.map(summarise);
      write(summaries, () => summaries.map(listing).join('\n'));
      return;
    }
    const { name } = chooseInterface(word, offered);
    const files = schemaFiles(await fetchInterface(channel, name, callOptions));
    write(files, () => joined(files));
  });
}

const semanticsWords: Readonly<Record<number, string>> = {
  [Semantics.maybe]: 'maybe',
  [Semantics.atLeastOnce]: 'at-least-once',
  [Semantics.atMostOnce]: 'at-most-once',
};

const shapeWords: Readonly<Record<number, string>> = {
  [CallShape.unary]: 'unary',
  [CallShape.serverStream]: 'server-stream',
  [CallShape.clientStream]: 'client-stream',
  [CallShape.bidiStream]: 'bidi-stream',
};

/** The server's answer in the words of the schema language; a number where this version does not know the word. */
function summarise({ name, procedures }: InterfaceSummary) {
  return { name, procedures: procedures.map(summariseProcedure) };
}

function summariseProcedure({ name, deadline, idempotent, errors, ...procedure }: ProcedureSummary) {
  const semantics = semanticsWords[procedure.semantics] ?? procedure.semantics;
  const shape = shapeWords[procedure.shape] ?? procedure.shape;
  return { name, shape, semantics, idempotent, deadline, errors };
}

function listing({ name, procedures }: ReturnType<typeof summarise>): string {
  const rows = procedures.map(({ semantics, shape, idempotent, deadline, ...procedure }) => [
    `  ${procedure.name}`,
    `${semantics}${idempotent ? ' idempotent' : ''}`,
    durationText(deadline),
    shape === 'unary' ? '' : String(shape),
  ]);
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column]!.length)));
  const lines = rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${[name, ...lines].join('\n')}\n`;
}

interface SchemaText {
  readonly path: string;
  readonly text: string;
}

/** The interface and what it stands on, without the rest of the modules. */
function schemaFiles({ declaration, model }: RemoteInterface): SchemaText[] {
  const wanted = reach([declaration]);
  return model.modules
    .filter(({ declarations }) => declarations.some(each => wanted.has(each)))
    .map(module => ({ path: schemaPath(module), text: printModule(module, each => wanted.has(each)).text }));
}

function joined(files: readonly SchemaText[]): string {
  if (files.length === 1) return files[0]!.text;
  return files.map(({ path, text }) => `// ${path}\n\n${text}`).join('\n');
}
