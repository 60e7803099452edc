/** `group.ts`: the client stubs of groups, and what each group promises for each procedure. */
import {
  type FunctionDeclarationStructure,
  type MethodSignatureStructure,
  type OptionalKind,
  StructureKind,
} from 'ts-morph';
import { groupPolicies, groupsOf } from '../model/groups.js';
import type {
  GroupModel,
  GroupPolicyModel,
  ModuleModel,
  ProcedureModel,
  ReplyPolicy,
} from '../model/model.js';
import { derivedNames } from '../model/names.js';
import { type Documented, docs } from './docs.js';
import { emptyInterface, type Statement } from './file.js';
import { procedureMethod } from './procedure-interface.js';
import { createScope, type FileScope } from './scope.js';
import { callerParameters, resultType, stubMethod, usedParameter } from './signatures.js';
import { arrow, bracketed, call, object, quote } from './text.js';

export function groupFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const groups = groupsOf(module);
  const own = groups.flatMap(({ name }) => [
    derivedNames.client(name),
    derivedNames.createClient(name),
    derivedNames.policies(name),
  ]);
  const scope = createScope(module, 'group', ['caller', 'options', ...own]);
  const statements = groups.flatMap(group => {
    const policies = groupPolicies(group);
    return [
      clientInterface(group, policies, scope),
      policyTable(group, policies, scope),
      clientStub(group, policies, scope),
    ];
  });
  return { scope, statements };
}

/** A group that has no comment of its own is documented as its interface is. */
export function documentedGroup(group: GroupModel): Documented {
  return { doc: group.doc ?? group.interface.doc, annotations: group.annotations };
}

function clientInterface(
  group: GroupModel,
  policies: readonly GroupPolicyModel[],
  scope: FileScope,
): Statement {
  const name = derivedNames.client(group.name);
  if (policies.length === 0) return emptyInterface(name, documentedGroup(group));
  return {
    kind: StructureKind.Interface,
    isExported: true,
    name,
    docs: docs(documentedGroup(group)),
    methods: policies.map(policy => clientMethod(policy, scope)),
  };
}

function clientMethod(policy: GroupPolicyModel, scope: FileScope): OptionalKind<MethodSignatureStructure> {
  const { procedure } = policy;
  const parameters = [...callerParameters(procedure, scope), `options?: ${optionsType(policy, scope)}`];
  // What its procedures throw is in the replies, one for each member.
  return { ...procedureMethod(procedure, parameters, returnType(procedure, scope)), docs: docs(procedure) };
}

function optionsType({ procedure, order }: GroupPolicyModel, scope: FileScope): string {
  if (procedure.semantics === 'maybe') return scope.runtimeType('GroupMaybeOptions');
  return `${scope.runtimeType('GroupCallOptions')}<${quote(order)}>`;
}

function returnType(procedure: ProcedureModel, scope: FileScope): string {
  if (procedure.semantics === 'maybe') return 'Promise<void>';
  const errors = procedure.throws.map(error => scope.type(error));
  const thrown = errors.length === 0 ? 'never' : errors.join(' | ');
  return `Promise<${scope.runtimeType('Reply')}<${resultType(procedure, scope)}, ${thrown}>[]>`;
}

function policyTable(group: GroupModel, policies: readonly GroupPolicyModel[], scope: FileScope): string {
  const { name, interface: target } = group;
  const entries = policies.map(({ procedure, order, replies }) => {
    const table = scope.derived(target, derivedNames.procedures, 'codec');
    const items = [
      `procedure: ${table}.${procedure.name}`,
      `order: ${quote(order)}`,
      `replies: ${repliesValue(replies)}`,
    ];
    return `${procedure.name}: ${bracketed('{ ', items, ' }', procedure.name.length + 5)}`;
  });
  const doc = `/** What \`${name}\` promises for each procedure of \`${target.name}\`. */`;
  const type = scope.runtimeType('GroupPolicies');
  return `${doc}\nexport const ${derivedNames.policies(name)} = ${object(entries)} as const satisfies ${type};`;
}

function repliesValue(replies: ReplyPolicy): string {
  return replies.kind === 'n' ? `{ n: ${replies.count} }` : quote(replies.kind);
}

function clientStub(
  group: GroupModel,
  policies: readonly GroupPolicyModel[],
  scope: FileScope,
): FunctionDeclarationStructure {
  const table = derivedNames.policies(group.name);
  const methods = policies.map(({ procedure }) => {
    const { names, head } = stubMethod(procedure, scope);
    const callee = procedure.semantics === 'maybe' ? 'caller.groupOnce' : 'caller.group';
    return arrow(head, call(callee, [`${table}.${procedure.name}`, `[${names.join(', ')}]`, 'options']));
  });
  return {
    kind: StructureKind.Function,
    isExported: true,
    name: derivedNames.createClient(group.name),
    docs: [`The client stub of \`${group.name}\`: each call reaches all members.`],
    parameters: [{ name: usedParameter('caller', methods), type: scope.runtimeType('GroupCaller') }],
    returnType: derivedNames.client(group.name),
    statements: [`return ${object(methods)};`],
  };
}
