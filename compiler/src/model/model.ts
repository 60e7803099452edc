/**
 * The checked model: what the checker proves about a set of `.idl` files and all that the emitter needs to know.
 * Names are resolved to the things they name, constraints and defaults are known to fit, ids are unique.
 */
import type { Span } from '../source/span.js';
import type { DeliveryOrder, PrimitiveName, Semantics } from '../syntax/words.js';

/** All modules of one compilation, in the order of their files' names. */
export interface Model {
  readonly modules: readonly ModuleModel[];
}

/** One `.idl` file. */
export interface ModuleModel {
  /** The file's path, as diagnostics name it. */
  readonly file: string;
  /** The folder of its generated files below `--out`, with `/` between segments: `bank` for `idl/bank.idl`. */
  readonly folder: string;
  /** The module's declared name: `bank.v1`. */
  readonly name: string;
  readonly doc: string | undefined;
  /** Declarations of other modules that this one refers to by a local name. */
  readonly imports: readonly ImportModel[];
  /** Declarations of other modules that this one hands on. */
  readonly reexports: readonly ImportModel[];
  /** In source order. */
  readonly declarations: readonly Declaration[];
}

export interface ImportModel {
  /** The name by which this module's source speaks of the target. */
  readonly localName: string;
  readonly target: Declaration;
}

export type Declaration =
  | ConstantModel
  | AliasModel
  | EnumModel
  | StructModel
  | UnionModel
  | ErrorModel
  | InterfaceModel
  | GroupModel;

/** What a type name in the source can stand for. */
export type TypeDeclaration = AliasModel | EnumModel | StructModel | UnionModel;

interface DeclarationBase {
  readonly name: string;
  /** Module and name, as the wire knows it: `bank.v1.Account`. */
  readonly fullName: string;
  readonly module: ModuleModel;
  readonly doc: string | undefined;
  readonly annotations: readonly AnnotationModel[];
  /** The span of the declared name. */
  readonly span: Span;
}

export interface AnnotationModel {
  readonly name: string;
  readonly arguments: readonly ValueModel[];
}

export interface ConstantModel extends DeclarationBase {
  readonly kind: 'constant';
  readonly type: TypeModel;
  readonly value: ValueModel;
}

export interface AliasModel extends DeclarationBase {
  readonly kind: 'alias';
  readonly type: TypeModel;
  readonly constraints: readonly ConstraintModel[];
}

export interface EnumModel extends DeclarationBase {
  readonly kind: 'enum';
  readonly closed: boolean;
  readonly members: readonly EnumMemberModel[];
}

export interface EnumMemberModel {
  readonly id: number;
  readonly name: string;
  readonly doc: string | undefined;
  readonly annotations: readonly AnnotationModel[];
}

export interface StructModel extends DeclarationBase {
  readonly kind: 'struct';
  /** In source order. */
  readonly fields: readonly FieldModel[];
}

export interface UnionModel extends DeclarationBase {
  readonly kind: 'union';
  readonly arms: readonly FieldModel[];
}

export interface ErrorModel extends DeclarationBase {
  readonly kind: 'error';
  readonly fields: readonly FieldModel[];
}

/** A field of a struct or an error, an arm of a union, or a parameter of a procedure. */
export interface FieldModel {
  readonly id: number;
  readonly name: string;
  readonly type: TypeModel;
  /** Written with `?` after the name: it may be absent. A field with a default is not optional. */
  readonly optional: boolean;
  readonly default: ValueModel | undefined;
  readonly constraints: readonly ConstraintModel[];
  /** `stream T`: only of a procedure's last parameter. */
  readonly stream: boolean;
  readonly doc: string | undefined;
  readonly annotations: readonly AnnotationModel[];
  readonly span: Span;
}

export interface InterfaceModel extends DeclarationBase {
  readonly kind: 'interface';
  /** Direct bases, in source order. */
  readonly bases: readonly InterfaceModel[];
  /** Its own procedures, in source order; not the inherited ones. */
  readonly procedures: readonly ProcedureModel[];
}

export type { DeliveryOrder, PrimitiveName, Semantics } from '../syntax/words.js';

export interface ProcedureModel {
  readonly id: number;
  readonly name: string;
  /** The interface that declares it. */
  readonly interface: InterfaceModel;
  readonly parameters: readonly FieldModel[];
  /** `undefined` is `void`. */
  readonly result: TypeModel | undefined;
  /** `stream T` as the result. */
  readonly resultStream: boolean;
  readonly throws: readonly ErrorModel[];
  readonly semantics: Semantics;
  readonly idempotent: boolean;
  /** In milliseconds; the interface's default, or the language's, where the procedure has none of its own. */
  readonly deadline: number;
  readonly doc: string | undefined;
  readonly annotations: readonly AnnotationModel[];
  readonly span: Span;
}

export type ReplyPolicy =
  | { readonly kind: 'first' | 'majority' | 'all' | 'none' }
  | { readonly kind: 'n'; readonly count: number };

export interface GroupModel extends DeclarationBase {
  readonly kind: 'group';
  readonly interface: InterfaceModel;
  readonly access: 'open' | 'closed';
  readonly order: DeliveryOrder;
  readonly replies: ReplyPolicy;
  readonly policies: readonly GroupPolicyModel[];
}

export interface GroupPolicyModel {
  readonly procedure: ProcedureModel;
  readonly order: DeliveryOrder;
  readonly replies: ReplyPolicy;
}

export type IntegerName = 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64';

export type TypeModel =
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'list' | 'set'; readonly element: TypeModel }
  | { readonly kind: 'map'; readonly key: TypeModel; readonly value: TypeModel }
  | { readonly kind: 'nullable'; readonly inner: TypeModel }
  | { readonly kind: 'named'; readonly target: TypeDeclaration };

/** A literal, or a name that stands for one. Durations are milliseconds, timestamps ISO 8601 text. */
export type ValueModel =
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'duration'; readonly value: number }
  | { readonly kind: 'list'; readonly elements: readonly ValueModel[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [ValueModel, ValueModel])[] }
  | { readonly kind: 'null' }
  | { readonly kind: 'enum-member'; readonly enum: EnumModel; readonly member: EnumMemberModel }
  | { readonly kind: 'constant'; readonly target: ConstantModel };

/** Bounds are inclusive; `undefined` is open. */
export type ConstraintModel =
  | { readonly kind: 'length' | 'count'; readonly min: number | undefined; readonly max: number | undefined }
  | {
      readonly kind: 'range';
      readonly min: bigint | number | undefined;
      readonly max: bigint | number | undefined;
    }
  | { readonly kind: 'pattern'; readonly source: string };
