/** Procedures: parameters, and that what a procedure promises can be kept. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { ErrorModel, InterfaceModel, ProcedureModel, Semantics } from '../model/model.js';
import { parameterName } from '../model/names.js';
import type { Span } from '../source/span.js';
import type { InterfaceNode, ProcedureNode, PromiseClauses } from '../syntax/tree.js';
import { resolveAnnotations } from './annotations.js';
import { resolveField } from './fields.js';
import { checkMembers, memberId, memberName } from './members.js';
import { resolveName } from './resolve.js';
import type { Context, Scope } from './scope.js';
import { checkType, resolveType } from './types.js';

/** What the language promises where a schema says nothing; the deadline in milliseconds. */
const languageDefault = { semantics: 'at-most-once', deadline: 10_000 } as const;

export function resolveProcedure(
  context: Context,
  scope: Scope,
  declaring: InterfaceModel,
  { defaults }: InterfaceNode,
  node: ProcedureNode,
): ProcedureModel {
  const name = memberName(node.name);
  if (name === 'then') context.report(diagnostics.procedureThen, node.name.span);
  checkParameters(context, node);
  const result = node.result.kind === 'void' ? undefined : resolveType(context, scope, node.result);
  if (node.result.kind !== 'void' && result) checkType(context, node.result, result);
  checkDeadline(context, node);
  checkPromise(context, node, defaults);
  return {
    id: memberId(node.id),
    name,
    interface: declaring,
    parameters: node.parameters.map(parameter => resolveField(context, scope, parameter, 'parameter')),
    result,
    resultStream: node.resultStream !== undefined,
    throws: resolveThrows(context, scope, node),
    semantics: semanticsOf(node, defaults) ?? languageDefault.semantics,
    idempotent: isIdempotent(node, defaults),
    deadline: duration(node) ?? (defaults && duration(defaults)) ?? languageDefault.deadline,
    doc: node.doc,
    annotations: resolveAnnotations(context, scope, node),
    span: node.name.span,
  };
}

/** The `default` clause of an interface: reported here once, and not for each procedure that relies on it. */
export function checkDefaults(context: Context, { defaults, procedures }: InterfaceNode): void {
  if (!defaults) return;
  checkDeadline(context, defaults);
  if (word(defaults) !== 'at-least-once' || defaults.idempotent) return;
  const relying = procedures.filter(procedure => !procedure.semantics && !procedure.idempotent);
  if (relying.length === 0) return;
  const related = relying.map(({ name }) => ({ span: name.span, message: 'relies on this default' }));
  context.report(diagnostics.defaultNotIdempotent, defaults.semantics!.span, undefined, related);
}

function checkParameters(context: Context, node: ProcedureNode): void {
  checkMembers(context, 'parameter', node.parameters);
  const renamed = new Map<string, string>();
  let optional: string | undefined;
  let stream: string | undefined;
  for (const [at, parameter] of node.parameters.entries()) {
    const name = memberName(parameter.name);
    const span = parameter.name.span;
    const generated = parameterName(name);
    const other = renamed.get(generated);
    if (name !== '' && other !== undefined && other !== name) {
      context.report(diagnostics.parameterClash, span, { name, other, generated });
    }
    renamed.set(generated, name);

    const mayBeAbsent = parameter.optional || parameter.default !== undefined;
    if (mayBeAbsent) optional ??= name;
    else if (optional !== undefined) {
      context.report(diagnostics.requiredAfterOptional, span, {
        name,
        optional,
        stream: parameter.stream !== undefined,
      });
    }
    if (!parameter.stream) continue;
    if (stream !== undefined) context.report(diagnostics.secondStream, span, { name, first: stream });
    else if (node.parameters.slice(at + 1).some(later => !later.stream)) {
      context.report(diagnostics.streamNotLast, span, { name });
    }
    stream ??= name;
  }
}

function checkPromise(context: Context, node: ProcedureNode, defaults: PromiseClauses | undefined): void {
  const semantics = semanticsOf(node, defaults);
  if (semantics === undefined) return;
  const name = memberName(node.name);
  const span = node.semantics?.span ?? node.name.span;
  const hasStream = node.resultStream !== undefined || node.parameters.some(parameter => parameter.stream);
  if (hasStream && semantics !== 'at-most-once') {
    context.report(diagnostics.streamSemantics, span, { name, semantics, inherited: !node.semantics });
  } else if (semantics === 'maybe' && node.throws.length > 0) {
    context.report(diagnostics.maybeThrows, throwsSpan(node), { name });
  } else if (semantics === 'at-least-once' && node.semantics && !node.idempotent) {
    context.report(diagnostics.notIdempotent, span, { name });
  }
}

function throwsSpan({ throws }: ProcedureNode): Span {
  return { ...throws[0]!.span, end: throws.at(-1)!.span.end };
}

function resolveThrows(context: Context, scope: Scope, node: ProcedureNode): ErrorModel[] {
  const errors: ErrorModel[] = [];
  for (const name of node.throws) {
    if (name.kind === 'missing') continue;
    const error = resolveName(context, scope, name, 'error');
    if (!error) continue;
    if (errors.includes(error)) context.report(diagnostics.duplicateThrow, name.span, { name: name.text });
    else errors.push(error);
  }
  return errors;
}

function checkDeadline(context: Context, { deadline }: PromiseClauses): void {
  if (deadline?.kind === 'duration' && deadline.value <= 0) {
    context.report(diagnostics.deadlineNotPositive, deadline.span);
  }
}

function duration({ deadline }: PromiseClauses): number | undefined {
  return deadline?.kind === 'duration' ? deadline.value : undefined;
}

/** `undefined` when the word could not be read. */
function semanticsOf(node: PromiseClauses, defaults: PromiseClauses | undefined): Semantics | undefined {
  if (node.semantics) return word(node);
  return defaults?.semantics ? word(defaults) : languageDefault.semantics;
}

function word({ semantics }: PromiseClauses): Semantics | undefined {
  return semantics?.kind === 'word' ? semantics.text : undefined;
}

/** What a default says of idempotence is said of its own semantics, and not of one that a procedure chooses itself. */
function isIdempotent(node: PromiseClauses, defaults: PromiseClauses | undefined): boolean {
  return node.idempotent !== undefined || (!node.semantics && defaults?.idempotent !== undefined);
}
