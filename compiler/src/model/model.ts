/**
 * The checked model: what the checker proves about a set of `.idl` files and all that the emitter needs to know.
 * Names are resolved to the things they name, constraints and defaults are known to fit, ids are unique.
 */
import type { Span } from '../source/span.js';
import type { DeliveryOrder, PrimitiveName, Semantics } from '../syntax/words.js';

/** All modules of one compilation, in the order of their files' names. */
export interface Model {
  /** Those of the inputs and those that they import. */
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
  /** Its doc comment without the comment's marks; `undefined` where it has none. */
  readonly doc: string | undefined;
  /** Declarations of other modules that this one refers to by a local name. */
  readonly imports: readonly ImportModel[];
  /** Declarations of other modules that this one hands on. */
  readonly reexports: readonly ImportModel[];
  /** In source order. */
  readonly declarations: readonly Declaration[];
}

/** A name of one module that stands for a declaration of another. */
export interface ImportModel {
  /** The name by which this module's source speaks of the target. */
  readonly localName: string;
  /** What it stands for. */
  readonly target: Declaration;
}

/** All that a module can declare. */
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

/** What all declarations have. */
export interface DeclarationBase {
  /** Tells the declarations apart. */
  readonly kind: Declaration['kind'];
  /** As it is declared: `Account`. */
  readonly name: string;
  /** Module and name, as the wire knows it: `bank.v1.Account`. */
  readonly fullName: string;
  /** The module that declares it. */
  readonly module: ModuleModel;
  /** Its doc comment, if it has one. */
  readonly doc: string | undefined;
  /** In source order. */
  readonly annotations: readonly AnnotationModel[];
  /** The span of the declared name. */
  readonly span: Span;
}

/** What stands behind an `@` before a declaration. */
export interface AnnotationModel {
  /** Without the `@`: `deprecated`. */
  readonly name: string;
  /** In source order; empty where it has no parentheses. */
  readonly arguments: readonly ValueModel[];
}

/** `const`: a name for a value. */
export interface ConstantModel extends DeclarationBase {
  readonly kind: 'constant';
  /** The declared type. */
  readonly type: TypeModel;
  /** Fits the type. */
  readonly value: ValueModel;
}

/** `type`: a name for a type, with constraints or without. */
export interface AliasModel extends DeclarationBase {
  readonly kind: 'alias';
  /** What it stands for. */
  readonly type: TypeModel;
  /** Its own; those of aliases that it stands for hold as well. */
  readonly constraints: readonly ConstraintModel[];
}

/** `enum`: names for numbers. */
export interface EnumModel extends DeclarationBase {
  readonly kind: 'enum';
  /** Declared `closed`: numbers that no member bears are refused. Otherwise they are handed on. */
  readonly closed: boolean;
  /** In source order. */
  readonly members: readonly EnumMemberModel[];
}

/** One name of an enum. */
export interface EnumMemberModel {
  /** Its number, by which the wire knows it. */
  readonly id: number;
  /** As it is declared. */
  readonly name: string;
  /** Its doc comment, if it has one. */
  readonly doc: string | undefined;
  /** In source order. */
  readonly annotations: readonly AnnotationModel[];
}

/** `struct`: values of several types under one name each. */
export interface StructModel extends DeclarationBase {
  readonly kind: 'struct';
  /** In source order. */
  readonly fields: readonly FieldModel[];
}

/** `union`: a value of one of several types, and which. */
export interface UnionModel extends DeclarationBase {
  readonly kind: 'union';
  /** In source order. */
  readonly arms: readonly FieldModel[];
}

/** `error`: what procedures may declare to throw. */
export interface ErrorModel extends DeclarationBase {
  readonly kind: 'error';
  /** In source order. */
  readonly fields: readonly FieldModel[];
}

/** A field of a struct or an error, an arm of a union, or a parameter of a procedure. */
export interface FieldModel {
  /** By which the wire knows it; from 1, unique within what it belongs to. */
  readonly id: number;
  /** As it is declared. */
  readonly name: string;
  /** Of a stream parameter: that of its items. */
  readonly type: TypeModel;
  /** Written with `?` after the name: it may be absent. A field with a default is not optional. */
  readonly optional: boolean;
  /** What is read where the field did not arrive; it fits the type and the constraints. */
  readonly default: ValueModel | undefined;
  /** Those that stand at the field, beside those of its type. */
  readonly constraints: readonly ConstraintModel[];
  /** `stream T`: only of a procedure's last parameter. */
  readonly stream: boolean;
  /** Its doc comment, if it has one. */
  readonly doc: string | undefined;
  /** In source order. */
  readonly annotations: readonly AnnotationModel[];
  /** The span of its name. */
  readonly span: Span;
}

/** `interface`: procedures that one service offers together. */
export interface InterfaceModel extends DeclarationBase {
  readonly kind: 'interface';
  /** Direct bases, in source order. */
  readonly bases: readonly InterfaceModel[];
  /** Its own procedures, in source order; not the inherited ones. */
  readonly procedures: readonly ProcedureModel[];
}

export type { DeliveryOrder, PrimitiveName, Semantics } from '../syntax/words.js';

/** One procedure of an interface. */
export interface ProcedureModel {
  /** By which the wire knows it; unique within the interface that declares it. */
  readonly id: number;
  /** As it is declared. */
  readonly name: string;
  /** The interface that declares it. */
  readonly interface: InterfaceModel;
  /** In source order. */
  readonly parameters: readonly FieldModel[];
  /** `undefined` is `void`. */
  readonly result: TypeModel | undefined;
  /** `stream T` as the result. */
  readonly resultStream: boolean;
  /** The errors that it declares, in source order. */
  readonly throws: readonly ErrorModel[];
  /** What it promises of how often it is executed. */
  readonly semantics: Semantics;
  /** Declared to do no harm when it is executed again. */
  readonly idempotent: boolean;
  /** In milliseconds; the interface's default, or the language's, where the procedure has none of its own. */
  readonly deadline: number;
  /** Its doc comment, if it has one. */
  readonly doc: string | undefined;
  /** In source order. */
  readonly annotations: readonly AnnotationModel[];
  /** The span of its name. */
  readonly span: Span;
}

/**
 * For how many members' replies the caller of a group waits.
 *
 * @prop kind - `n` counts them, the others are words of their own
 * @prop count - how many, from 1
 */
export type ReplyPolicy =
  | { readonly kind: 'first' | 'majority' | 'all' | 'none' }
  | { readonly kind: 'n'; readonly count: number };

/** `group`: replicas of one interface that are called together. */
export interface GroupModel extends DeclarationBase {
  readonly kind: 'group';
  /** What each of its members offers. */
  readonly interface: InterfaceModel;
  /** Whether those that are no members may call it. */
  readonly access: 'open' | 'closed';
  /** In which its members take the calls. */
  readonly order: DeliveryOrder;
  /** For how many of them a caller waits. */
  readonly replies: ReplyPolicy;
  /** For procedures that want it otherwise than the rest, in source order. */
  readonly policies: readonly GroupPolicyModel[];
}

/** What holds for one procedure of a group instead. */
export interface GroupPolicyModel {
  /** Of the group's interface, or inherited by it. */
  readonly procedure: ProcedureModel;
  /** In which members take calls of it. */
  readonly order: DeliveryOrder;
  /** For how many replies its callers wait. */
  readonly replies: ReplyPolicy;
}

/** The primitive types whose values are integers. */
export type IntegerName = 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64';

/**
 * A type, as fields, parameters and results have it.
 *
 * @prop kind - tells the types apart
 * @prop name - the word that the language has for it
 * @prop element - what a list or a set holds
 * @prop key - what a map is asked by
 * @prop value - what a map answers
 * @prop inner - what may also be null
 * @prop target - what a name stands for
 */
export type TypeModel =
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'list' | 'set'; readonly element: TypeModel }
  | { readonly kind: 'map'; readonly key: TypeModel; readonly value: TypeModel }
  | { readonly kind: 'nullable'; readonly inner: TypeModel }
  | { readonly kind: 'named'; readonly target: TypeDeclaration };

/**
 * A literal, or a name that stands for one. Durations are milliseconds, timestamps ISO 8601 text.
 *
 * @prop kind - tells the values apart
 * @prop value - what a literal says
 * @prop elements - of a list or a set, in source order
 * @prop entries - pairs of key and value, in source order
 * @prop enum - the enum that has the member
 * @prop member - the member that is named
 * @prop target - the constant that is named
 */
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

/**
 * What values of a type must keep to, beside the type.
 *
 * @prop kind - tells what is bounded: characters or bytes, elements, the value itself, or its form
 * @prop min - the least that is allowed; `undefined` is open
 * @prop max - the greatest that is allowed; `undefined` is open
 * @prop source - the regular expression that a whole string must match
 */
export type ConstraintModel =
  | { readonly kind: 'length' | 'count'; readonly min: number | undefined; readonly max: number | undefined }
  | {
      readonly kind: 'range';
      readonly min: bigint | number | undefined;
      readonly max: bigint | number | undefined;
    }
  | { readonly kind: 'pattern'; readonly source: string };
