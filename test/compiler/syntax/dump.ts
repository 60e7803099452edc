import { positionAt, type SourceFile } from '../../../compiler/src/source/source-file.js';
import type { Span } from '../../../compiler/src/source/span.js';

interface Node {
  readonly kind: string;
  readonly span: Span;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'span' in value;

/** A tree as text: a node a line, with its place and its plain properties, if they say anything; its children below it. */
export function dump(source: SourceFile, node: object, label = '', indent = ''): string {
  if (!isNode(node)) throw new Error(`no node: ${label}`);
  const { kind, span, ...properties } = node;
  const entries = Object.entries(properties);
  const plain = entries
    .filter(([key, value]) => typeof value !== 'object' && (value || key === 'value'))
    .map(([key, value]) => `${key}=${show(value)}`);
  const head = `${indent}${label}${[kind, place(source, span), ...plain].join(' ')}\n`;
  const children = entries.flatMap(([key, value]): [string, Node][] =>
    isNode(value) ? [[`${key}: `, value]] : nodesOf(value).map(child => [`${key}[] `, child]),
  );
  return head + children.map(([name, child]) => dump(source, child, name, `${indent}  `)).join('');
}

const nodesOf = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

const show = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : String(value));

function place(source: SourceFile, span: Span): string {
  const from = positionAt(source, span.start);
  const to = positionAt(source, span.end);
  return `${from.line}:${from.column}-${to.line === from.line ? '' : `${to.line}:`}${to.column}`;
}

/** All nodes of a tree, itself included. */
export function* nodesIn(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) yield value;
  for (const child of Object.values(value)) yield* nodesIn(child);
}
