/** Reflection: a server tells what it offers. */
import {
  CallShape,
  type InterfaceSummary,
  NoSuchInterface,
  type ProcedureSummary,
  Reflection,
  type SchemaFile,
  Semantics,
} from '../generated/reflection/index.js';
import type { AnyProcedure, ModuleSchema } from '../schema/description.js';
import { type Implementation, implement } from '../schema/implement.js';

type Description = Implementation['description'];

/**
 * Offers what the server offers as data, to whoever can call it: names, promises, and the text of the schemas with all
 * that the modules of its interfaces declare. Make one for each server.
 */
export function reflection(): Implementation {
  let offered: readonly Description[] = [];
  const service = implement(Reflection, {
    interfaces: () => offered.map(summary),
    schema(name) {
      const description = offered.find(each => each.name === name);
      if (description === undefined) throw new NoSuchInterface({ name });
      return files(description.schema);
    },
  });
  return {
    ...service,
    attach(services) {
      offered = services.map(({ description }) => description);
    },
  };
}

const semantics: Readonly<Record<AnyProcedure['semantics'], Semantics>> = {
  maybe: Semantics.maybe,
  'at-least-once': Semantics.atLeastOnce,
  'at-most-once': Semantics.atMostOnce,
};

const shapes: Readonly<Record<AnyProcedure['shape'], CallShape>> = {
  unary: CallShape.unary,
  'server-stream': CallShape.serverStream,
  'client-stream': CallShape.clientStream,
  'bidi-stream': CallShape.bidiStream,
};

function summary({ name, bases, procedures }: Description): InterfaceSummary {
  return { name, bases: [...bases], procedures: procedures.map(procedureSummary) };
}

function procedureSummary(procedure: AnyProcedure): ProcedureSummary {
  const { name, id, declaredBy, idempotent, deadline } = procedure;
  return {
    name,
    id,
    declaredBy,
    shape: shapes[procedure.shape],
    semantics: semantics[procedure.semantics],
    idempotent,
    deadline,
    errors: procedure.errors.map(({ fullName }) => fullName),
  };
}

/** The schema, then those that it imports, each once. */
function files(schema: ModuleSchema): SchemaFile[] {
  const found = new Set([schema]);
  // A set is iterated over in the order of insertion, so that what is found here is visited too.
  for (const each of found) for (const imported of each.imports()) found.add(imported);
  return [...found].map(({ path, text }) => ({ path, text }));
}
