/** What follows from a procedure's declaration. */
import { createHash } from 'node:crypto';
import type { FieldModel, InterfaceModel, ProcedureModel } from './model.js';

/** The parameters whose values travel in the request: all but the stream. */
export function plainParameters({ parameters }: ProcedureModel): FieldModel[] {
  return parameters.filter(({ stream }) => !stream);
}

/** The parameter that is a stream, where there is one; its type is that of the items. */
export function streamParameter({ parameters }: ProcedureModel): FieldModel | undefined {
  return parameters.find(({ stream }) => stream);
}

/** `CallShape` in the runtime. */
export type CallShape = 'unary' | 'server-stream' | 'client-stream' | 'bidi-stream';

export function shapeOf(procedure: ProcedureModel): CallShape {
  const { resultStream } = procedure;
  if (streamParameter(procedure) !== undefined) return resultStream ? 'bidi-stream' : 'client-stream';
  return resultStream ? 'server-stream' : 'unary';
}

/**
 * A procedure's name on the wire, as the high and the low 32 bits: the first eight bytes of the SHA-256 of
 * `interface/declaredBy/id`.
 *
 * @param target the interface that is called
 */
export function procedureKey(
  target: InterfaceModel,
  { interface: { fullName }, id }: ProcedureModel,
): readonly [high: number, low: number] {
  const hash = createHash('sha256').update(`${target.fullName}/${fullName}/${id}`).digest();
  return [hash.readUInt32BE(0), hash.readUInt32BE(4)];
}
