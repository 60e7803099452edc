import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EmittedFile, emit } from '../../../compiler/src/emit/index.js';
import { compile } from '../../../compiler/src/engine/compile.js';

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const casesFolder = folder('cases');
export const goldenFolder = folder('golden');

/** Each case is a folder of `.idl` files that are compiled together. */
export const caseNames = readdirSync(casesFolder).sort();

/** The files that are emitted for a case, in the order of emission. */
export function emitCase(name: string): EmittedFile[] {
  const directory = join(casesFolder, name);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map(path => path.replaceAll('\\', '/'))
    .filter(path => path.endsWith('.idl'))
    .sort();
  return emitFiles(directory, files, path => readFileSync(join(directory, path)));
}

/** The `codec.ts` of a schema of one file. */
export function emitCodec(text: string): string {
  const codec = emitFiles('/', ['sample.idl'], () => text).find(({ path }) => path.endsWith('/codec.ts'));
  if (!codec) throw new Error('the schema has no codec');
  return codec.text;
}

function emitFiles(
  directory: string,
  files: readonly string[],
  readFile: (path: string) => Uint8Array | string,
): EmittedFile[] {
  const { model, diagnostics } = compile({ directory, files, readFile });
  if (!model) throw new Error(diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n'));
  return emit(model);
}
