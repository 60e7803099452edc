/** The commands, their options, and the help that teaches them. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { runCheck } from './check.js';
import { runGenerate } from './generate.js';
import type { Io } from './io.js';

const introduction = `Compiles Convoke schemas (.idl) to TypeScript: types, codecs, client stubs, server stubs and dispatchers.`;

const firstSteps = `
A first service:
  $ cat idl/greeter.idl
  module greeter.v1;

  interface Greeter {
    @1 greet(@1 name: string): string  at-most-once deadline 2s;
  }

  $ convoke generate --out generated
  generated: 6 files, 6 written.

Exit codes: 0 nothing wrong (warnings alone are 0), 1 a schema is wrong, 2 the command was used wrongly.`;

const inputs = `
Without files: the \`files\` of the settings (convoke.config.json, .ts or .js, or "convoke" in package.json),
otherwise all .idl files in idl/.`;

const generateHelp = `${inputs}

What is imported is generated too. A file whose bytes would stay the same is not touched. A file is removed only when
this command wrote it and its source no longer exists. Where there is any error nothing is written.

Examples:
  $ convoke generate --out generated
  $ convoke generate idl/bank.idl "services/**/*.idl" --out src/generated`;

const checkHelp = `${inputs}

Examples:
  $ convoke check
  $ convoke check idl/bank.idl --json`;

const jsonFlag = ['--json', 'write diagnostics to standard output, one JSON object a line'] as const;

/** Sets `exitCode` when a command ends; throws a `CommanderError` where there is none to run. */
export function createProgram(io: Io, finish: (exitCode: number) => void): Command {
  const program = new Command('convoke')
    .description(introduction)
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand('help [command]', 'explain a command')
    .showSuggestionAfterError()
    .showHelpAfterError('(`convoke --help` explains the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: text => io.stdout.write(text),
      writeErr: text => io.stderr.write(text),
    })
    .addHelpText('after', firstSteps);

  program
    .command('generate')
    .description('generate TypeScript from .idl files')
    .argument('[files...]', 'paths, folders or globs')
    .option('-o, --out <dir>', 'folder for the generated files')
    .option(...jsonFlag)
    .addHelpText('after', generateHelp)
    .action(async (files, options) => finish(await runGenerate(files, options, io)));

  program
    .command('check')
    .description('report all that is wrong with .idl files; write nothing')
    .argument('[files...]', 'paths, folders or globs')
    .option(...jsonFlag)
    .addHelpText('after', checkHelp)
    .action(async (files, options) => finish(await runCheck(files, options, io)));

  return program;
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}
