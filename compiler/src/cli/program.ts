/** The commands, their options, and the help that teaches them. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { runCheck } from './check.js';
import { runGenerate } from './generate.js';
import type { Io } from './io.js';

const introduction = `Compiles Convoke schemas (.idl) to TypeScript: types, codecs, client stubs, server stubs and dispatchers.
Calls running servers, and tells what they offer.`;

const firstSteps = `
A first service:
  $ cat idl/greeter.idl
  module greeter.v1;

  interface Greeter {
    @1 greet(@1 name: string): string  at-most-once deadline 2s;
  }

  $ convoke generate --out generated
  generated: 6 files, 6 written.

Exit codes: 0 nothing wrong (warnings alone are 0), 1 a schema is wrong or a call failed, 2 the command was used
wrongly.`;

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

const remote = `
The server must offer reflection: reflection() of @convoke/runtime/services among its services. An address is what
connect() takes: udp://host:port, tcp://host:port, unix:path. Interfaces go by their full names (bank.v1.Bank) or by the
end that tells them apart (Bank).`;

const callHelp = `${remote}

Arguments are a JSON object by the names of the parameters, or an array by their positions; what may be left out may be.
The result is printed as JSON; of a stream, one value a line as they come. A procedure that takes a stream reads its
items from standard input, one JSON value a line.

  64-bit integers  numbers, or strings beyond 2^53         lists, sets  arrays
  bytes            base64                                  maps         objects, or arrays of pairs
  timestamps       "2026-01-31T12:00:00Z"                  enums        names of members: "eur"
  durations        milliseconds, or "500ms"                unions       {"arm": value}

Examples:
  $ convoke call udp://127.0.0.1:7000 Bank.open '{"id": "alice", "owner": "Alice"}'
  $ convoke call udp://127.0.0.1:7000 Bank.balance '["alice"]' --deadline 500ms --metadata tenant=acme

Exit codes: 0 the call succeeded, 1 it failed (the code, the outcome and the attempts are told, or the declared error),
2 the command was used wrongly.`;

const describeHelp = `${remote}

Without an interface all that the server offers is listed: the procedures, their semantics and their deadlines. With
one, its schema is printed with all that it speaks of, in the schema language.

Examples:
  $ convoke describe udp://127.0.0.1:7000
  $ convoke describe udp://127.0.0.1:7000 Bank > bank.idl`;

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

  const deadlineFlag = ['--deadline <duration>', "instead of the schema's: 500ms, 2s, or none"] as const;
  const metadataFlag = ['-m, --metadata <name=value>', 'sent beside the arguments; may be repeated'] as const;
  const caFlag = ['--ca <file>', 'certificates to trust, of tls:, udps: and wss: addresses'] as const;
  const certFlag = ['--cert <file>', 'the certificate by which the server knows who calls'] as const;
  const keyFlag = ['--key <file>', 'its private key'] as const;
  const collect = (value: string, values: string[] = []) => [...values, value];

  program
    .command('call')
    .description('call a procedure of a running server')
    .argument('<address>', 'where the server listens')
    .argument('<procedure>', 'such as Bank.balance')
    .argument('[arguments]', 'as JSON', '{}')
    .option(...deadlineFlag)
    .option(...metadataFlag, collect)
    .option(...caFlag)
    .option(...certFlag)
    .option(...keyFlag)
    .option('--json', 'write failures to standard output, as JSON')
    .addHelpText('after', callHelp)
    .action(async (address, procedure, json, options) => {
      // The runtime and the parser take a while to load, which `--help` and wrong usage need not wait for.
      const { runCall } = await import('./call.js');
      finish(await runCall(address, procedure, json, options, io));
    });

  program
    .command('describe')
    .description('tell what a running server offers')
    .argument('<address>', 'where the server listens')
    .argument('[interface]', 'such as Bank')
    .option(...deadlineFlag)
    .option(...metadataFlag, collect)
    .option(...caFlag)
    .option(...certFlag)
    .option(...keyFlag)
    .option('--json', 'write JSON, one object a line')
    .addHelpText('after', describeHelp)
    .action(async (address, word, options) => {
      const { runDescribe } = await import('./describe.js');
      finish(await runDescribe(address, word, options, io));
    });

  return program;
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}
