/**
 * Models while they are being built. A declaration's model exists before what it names is resolved, so that
 * declarations can refer to each other in any order and in cycles.
 */
import type {
  AliasModel,
  ConstantModel,
  Declaration,
  EnumModel,
  ErrorModel,
  GroupModel,
  InterfaceModel,
  ModuleModel,
  StructModel,
  TypeModel,
  UnionModel,
  ValueModel,
} from '../model/model.js';
import type { Span } from '../source/span.js';

export type Draft<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer Element)[] ? Element[] : T[K];
};

/** Known by identity: stands where a type could not be resolved. Rules pass over it, since the error is reported. */
export const unknownType: TypeModel = { kind: 'primitive', name: 'bool' };

/** Known by identity: stands where a value could not be resolved or did not fit. */
export const unknownValue: ValueModel = { kind: 'null' };

interface DraftModels {
  constant: Draft<ConstantModel>;
  alias: Draft<AliasModel>;
  enum: Draft<EnumModel>;
  struct: Draft<StructModel>;
  union: Draft<UnionModel>;
  error: Draft<ErrorModel>;
  interface: Draft<InterfaceModel>;
  group: Draft<GroupModel>;
}

export type DeclarationKind = Declaration['kind'];
export type DraftOf<Kind extends DeclarationKind> = DraftModels[Kind];

interface Common {
  readonly name: string;
  readonly module: ModuleModel;
  readonly doc: string | undefined;
  readonly span: Span;
}

/** A model with nothing but its name. */
export const emptyDraft: { readonly [Kind in DeclarationKind]: (common: Common) => DraftOf<Kind> } = {
  constant: common => ({ kind: 'constant', ...base(common), type: unknownType, value: unknownValue }),
  alias: common => ({ kind: 'alias', ...base(common), type: unknownType, constraints: [] }),
  enum: common => ({ kind: 'enum', ...base(common), closed: false, members: [] }),
  struct: common => ({ kind: 'struct', ...base(common), fields: [] }),
  union: common => ({ kind: 'union', ...base(common), arms: [] }),
  error: common => ({ kind: 'error', ...base(common), fields: [] }),
  interface: common => ({ kind: 'interface', ...base(common), bases: [], procedures: [] }),
  group: common => ({
    kind: 'group',
    ...base(common),
    interface: emptyDraft.interface({ ...common, name: '' }),
    access: 'closed',
    order: 'unordered',
    replies: { kind: 'all' },
    policies: [],
  }),
};

function base(common: Common) {
  const fullName = `${common.module.name}.${common.name}`;
  return { ...common, fullName, annotations: [] };
}
