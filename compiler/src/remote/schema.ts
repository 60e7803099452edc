/** What a server offers, asked by reflection. */
import { CallError, type CallOptions, type Channel } from '@convoke/runtime';
import type { ModuleSchema } from '@convoke/runtime/codegen';
import { type InterfaceSummary, Reflection, type SchemaFile } from '@convoke/runtime/services';
import { compile } from '../engine/compile.js';
import { FileError } from '../engine/file-error.js';
import type { Declaration, InterfaceModel, Model } from '../model/model.js';

/** An interface that a server offers, and all that it stands on. */
export interface RemoteInterface {
  readonly declaration: InterfaceModel;
  readonly model: Model;
  /** The text from which the model was made. */
  readonly schema: ModuleSchema;
}

/** The server does not tell its schema, or tells one that this compiler does not understand. */
export class RemoteSchemaError extends Error {
  override readonly name = 'RemoteSchemaError';
}

/** @throws RemoteSchemaError when the server does not offer reflection, CallError when it does not answer */
export async function listInterfaces(channel: Channel, options: CallOptions): Promise<InterfaceSummary[]> {
  try {
    return await channel.client(Reflection).interfaces(options);
  } catch (error) {
    if (!(error instanceof CallError && error.code === 'unimplemented')) throw error;
    const help = 'add reflection() of @convoke/runtime/services to its services';
    throw new RemoteSchemaError(`the server does not tell what it offers: ${help}`, { cause: error });
  }
}

/**
 * @param name full
 * @throws NoSuchInterface, CallError, RemoteSchemaError
 */
export async function fetchInterface(
  channel: Channel,
  name: string,
  options: CallOptions,
): Promise<RemoteInterface> {
  const files = await channel.client(Reflection).schema(name, options);
  const model = compileFiles(name, files);
  const declaration = model.modules
    .flatMap(({ declarations }) => declarations)
    .find((each: Declaration): each is InterfaceModel => each.kind === 'interface' && each.fullName === name);
  if (declaration === undefined) throw new RemoteSchemaError(`the server's schema declares no ${name}`);
  const [{ path = '', text = '' } = {}] = files;
  return { declaration, model, schema: { path, text, imports: () => [] } };
}

function compileFiles(name: string, files: readonly SchemaFile[]): Model {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const { model, diagnostics } = compile({
    files: [...texts.keys()],
    directory: '/',
    readFile(path) {
      const text = texts.get(path);
      if (text === undefined) throw new FileError('the server did not send it', true);
      return text;
    },
  });
  if (model !== undefined) return model;
  const first = diagnostics.find(({ severity }) => severity === 'error');
  throw new RemoteSchemaError(
    `the server's schema of ${name} is not one that this version understands: ${first?.span.file}: ${first?.message}`,
  );
}
