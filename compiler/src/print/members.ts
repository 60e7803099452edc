/** What stands in the bodies of declarations. */
import type {
  AnnotationModel,
  EnumMemberModel,
  FieldModel,
  GroupPolicyModel,
  ProcedureModel,
  ReplyPolicy,
} from '../model/model.js';
import type { Names } from './names.js';
import { constraintsText, durationText, typeText, valueText } from './values.js';

/** Where lines should end at the latest. */
const lineWidth = 110;

export interface Documented {
  readonly doc: string | undefined;
  readonly annotations: readonly AnnotationModel[];
}

/** A declaration or a member below its documentation and its annotations. */
export function documented({ doc, annotations }: Documented, names: Names, text: string): string {
  const comment = doc === undefined ? [] : doc.split('\n').map(line => `/// ${line}`.trimEnd());
  return [...comment, ...annotations.map(annotation => annotationText(annotation, names)), text].join('\n');
}

function annotationText({ name, arguments: values }: AnnotationModel, names: Names): string {
  if (values.length === 0) return `@${name}`;
  return `@${name}(${values.map(value => valueText(value, names)).join(', ')})`;
}

/** Members between braces, each on a line of its own; where one needs several lines, `between` sets them apart. */
export function body(members: readonly string[], between = '\n'): string {
  if (members.length === 0) return '{}';
  const separator = members.some(member => member.includes('\n')) ? between : '\n';
  return `{\n${members.map(indent).join(separator)}\n}`;
}

export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

export function enumMember(member: EnumMemberModel, names: Names): string {
  return documented(member, names, `@${member.id} ${member.name};`);
}

export function fieldMember(field: FieldModel, names: Names): string {
  return documented(field, names, `${fieldText(field, names)};`);
}

function fieldText({ id, name, optional, stream, type, ...field }: FieldModel, names: Names): string {
  const value = field.default === undefined ? '' : ` = ${valueText(field.default, names)}`;
  const head = `@${id} ${name}${optional ? '?' : ''}: ${stream ? 'stream ' : ''}`;
  return `${head}${typeText(type, names)}${constraintsText(field.constraints, type)}${value}`;
}

/** With all that it promises, whether the interface's default says so or itself. */
export function procedureMember(procedure: ProcedureModel, names: Names): string {
  const { id, name, result, resultStream, throws, semantics, idempotent, deadline } = procedure;
  const type = result === undefined ? 'void' : typeText(result, names);
  const signature = `@${id} ${name}${parameterList(procedure, names)}: ${resultStream ? 'stream ' : ''}${type}`;
  const clauses = [
    ...(throws.length === 0 ? [] : [`throws ${throws.map(error => names.of(error)).join(', ')}`]),
    `${semantics}${idempotent ? ' idempotent' : ''} deadline ${durationText(deadline)}`,
  ];
  const line = `${signature} ${clauses.join(' ')};`;
  const lastLine = line.slice(line.lastIndexOf('\n') + 1);
  const fits = lastLine.length + 2 <= lineWidth;
  return documented(procedure, names, fits ? line : `${signature}\n${indent(indent(clauses.join('\n')))};`);
}

function parameterList({ parameters }: ProcedureModel, names: Names): string {
  const isPlain = parameters.every(({ doc, annotations }) => doc === undefined && annotations.length === 0);
  const texts = parameters.map(parameter => documented(parameter, names, fieldText(parameter, names)));
  const line = `(${texts.join(', ')})`;
  return isPlain && line.length < lineWidth ? line : `(\n${texts.map(indent).join(',\n')}\n)`;
}

export function policyMember({ procedure, order, replies }: GroupPolicyModel): string {
  return `${procedure.name} order ${order} replies ${repliesText(replies)};`;
}

export function repliesText(replies: ReplyPolicy): string {
  return replies.kind === 'n' ? `n(${replies.count})` : replies.kind;
}
