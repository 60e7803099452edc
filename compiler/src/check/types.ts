/** Types: from what is written to what it stands for, and what may be said of it once all aliases are known. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { AliasModel, PrimitiveName, TypeModel } from '../model/model.js';
import type { TypeNode } from '../syntax/tree.js';
import { unknownType } from './draft.js';
import { resolveName } from './resolve.js';
import type { Context, Scope } from './scope.js';

export function resolveType(context: Context, scope: Scope, node: TypeNode): TypeModel {
  switch (node.kind) {
    case 'primitive-type':
      return { kind: 'primitive', name: node.name };
    case 'named-type': {
      const target = resolveName(context, scope, node.name, 'type');
      return target ? { kind: 'named', target } : unknownType;
    }
    case 'list-type':
    case 'set-type': {
      const element = resolveType(context, scope, node.element);
      return { kind: node.kind === 'list-type' ? 'list' : 'set', element };
    }
    case 'map-type': {
      const key = resolveType(context, scope, node.key);
      return { kind: 'map', key, value: resolveType(context, scope, node.value) };
    }
    case 'nullable-type':
      return { kind: 'nullable', inner: resolveType(context, scope, node.inner) };
    case 'missing':
      return unknownType;
  }
}

/** Reports keys that cannot be keys, and what is nullable twice. Needs all aliases to be resolved. */
export function checkType(context: Context, node: TypeNode, type: TypeModel): void {
  if (node.kind === 'nullable-type' && type.kind === 'nullable') {
    if (isNullable(type.inner)) context.report(diagnostics.nullableTwice, node.span);
    checkType(context, node.inner, type.inner);
  } else if (node.kind === 'map-type' && type.kind === 'map') {
    checkKey(context, node.key, type.key, 'a map key');
    checkType(context, node.value, type.value);
  } else if (node.kind === 'set-type' && type.kind === 'set') {
    checkKey(context, node.element, type.element, 'a set element');
  } else if (node.kind === 'list-type' && type.kind === 'list') {
    checkType(context, node.element, type.element);
  }
}

const notKeys: ReadonlySet<PrimitiveName> = new Set(['f32', 'f64', 'bytes', 'timestamp', 'duration']);

function checkKey(context: Context, node: TypeNode, type: TypeModel, where: string): void {
  const seen = seeThrough(type);
  const fits =
    seen === unknownType ||
    (seen.kind === 'primitive' && !notKeys.has(seen.name)) ||
    (seen.kind === 'named' && seen.target.kind === 'enum');
  if (!fits) context.report(diagnostics.invalidKey, node.span, { type: describe(type), where });
}

/** What an alias stands for; other types as they are. */
export function seeThrough(type: TypeModel): TypeModel {
  let seen = type;
  while (seen.kind === 'named' && seen.target.kind === 'alias') seen = seen.target.type;
  return seen;
}

export function isNullable(type: TypeModel): boolean {
  return seeThrough(type).kind === 'nullable';
}

/** The type of a value that is not null, aliases seen through. */
export function baseType(type: TypeModel): TypeModel {
  let seen = seeThrough(type);
  while (seen.kind === 'nullable') seen = seeThrough(seen.inner);
  return seen;
}

/** All aliases by which a type is spoken of, outermost first. */
export function aliasesOf(type: TypeModel): readonly AliasModel[] {
  const aliases: AliasModel[] = [];
  let seen = type;
  for (;;) {
    if (seen.kind === 'nullable') seen = seen.inner;
    else if (seen.kind === 'named' && seen.target.kind === 'alias') {
      aliases.push(seen.target);
      seen = seen.target.type;
    } else return aliases;
  }
}

/** The type as one writes it: `list<Money>`; an alias with what it stands for. */
export function describe(type: TypeModel): string {
  switch (type.kind) {
    case 'primitive':
      return type.name;
    case 'list':
    case 'set':
      return `${type.kind}<${describe(type.element)}>`;
    case 'map':
      return `map<${describe(type.key)}, ${describe(type.value)}>`;
    case 'nullable':
      return `${describe(type.inner)}?`;
    case 'named':
      return type.target.kind === 'alias'
        ? `${type.target.name} (${describe(type.target.type)})`
        : `${type.target.kind} ${type.target.name}`;
  }
}
