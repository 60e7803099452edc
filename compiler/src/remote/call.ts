/** Calls a procedure with JSON, by the model. */
import type { CallOptions, Channel } from '@convoke/runtime';
import { MarshalError } from '@convoke/runtime/codegen';
import { type DynamicClient, describeInterface } from '../dynamic/description.js';
import { fieldFromJson, fieldsFromJson } from '../dynamic/json/from-json.js';
import { toJson } from '../dynamic/json/to-json.js';
import type { ProcedureModel } from '../model/model.js';
import { plainParameters, streamParameter } from '../model/procedures.js';
import type { RemoteInterface } from './schema.js';

export interface JsonCall {
  readonly target: RemoteInterface;
  readonly procedure: ProcedureModel;
  readonly values: readonly unknown[];
  /** What the caller streams, where the procedure takes a stream. */
  readonly items?: AsyncIterable<unknown>;
  readonly options: CallOptions;
}

/**
 * The arguments of a procedure, all but its stream: an object by the parameters' names, or an array by their positions.
 *
 * @throws MarshalError when they do not fit
 */
export function argumentsFromJson(procedure: ProcedureModel, json: unknown): unknown[] {
  const parameters = plainParameters(procedure);
  if (!Array.isArray(json)) return fieldsFromJson(parameters, json);
  const { length } = parameters;
  if (json.length > length) {
    throw new MarshalError(`${json.length} arguments are given for ${length} parameters`, { path: '$' });
  }
  return parameters.map((parameter, index) => fieldFromJson(parameter, json[index], `$[${index}]`));
}

/**
 * An item of the stream that a procedure takes.
 *
 * @throws MarshalError when it does not fit
 */
export function itemFromJson(procedure: ProcedureModel, json: unknown): unknown {
  const stream = streamParameter(procedure);
  return stream === undefined ? undefined : fieldFromJson(stream, json);
}

/**
 * The results as JSON: one, those of a stream as they come, or none when the procedure is void or `maybe` and nothing came.
 *
 * @throws DynamicError, CallError
 */
export async function* callWithJson(channel: Channel, call: JsonCall): AsyncGenerator<unknown> {
  const { target, procedure, values, items, options } = call;
  const client: DynamicClient = channel.client(describeInterface(target.declaration, target.schema));
  const answer = client[procedure.name]!(...values, ...(items === undefined ? [] : [items]), options);
  const { result } = procedure;
  if (procedure.resultStream) {
    for await (const item of answer as AsyncIterable<unknown>) yield toJson(result!, item);
    return;
  }
  const value = await answer;
  if (result !== undefined && value !== undefined) yield toJson(result, value);
}
