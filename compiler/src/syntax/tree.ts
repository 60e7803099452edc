/**
 * The syntax tree of one `.idl` file.
 *
 * What may be left out, and was, is `undefined` or an empty list. What must stand but does not is a `missing` node, for
 * which an error is already reported: who meets one passes over it in silence.
 *
 * A node's span runs from its first token (its annotations included, its doc comment not) to its last.
 */
import type { Span } from '../source/span.js';
import type { Access, BoundsKind, DeliveryOrder, PrimitiveName, ReplyWord, Semantics } from './words.js';

interface NodeBase {
  readonly span: Span;
}

/** Stands for a part that the source lacks or that could not be read; its span is empty where nothing stands. */
export interface MissingNode extends NodeBase {
  readonly kind: 'missing';
}

export interface FileNode extends NodeBase {
  readonly kind: 'file';
  readonly module: ModuleNode | MissingNode;
  readonly imports: readonly ImportNode[];
  readonly exports: readonly ExportNode[];
  /** In source order. */
  readonly declarations: readonly DeclarationNode[];
  /** Every comment of the file, doc comments included, in source order. */
  readonly comments: readonly CommentNode[];
}

/** One comment; each line of a `///` comment is one. */
export interface CommentNode extends NodeBase {
  readonly kind: 'line-comment' | 'block-comment' | 'doc-comment';
  /** As it stands in the source, delimiters included, the line break at its end not. */
  readonly text: string;
}

export interface NameNode extends NodeBase {
  readonly kind: 'name';
  readonly text: string;
}

/** What can be documented and annotated. */
export interface AnnotatedNode extends NodeBase {
  /** The `///` lines before it as Markdown, without the slashes and one leading space. */
  readonly doc: string | undefined;
  readonly annotations: readonly AnnotationNode[];
}

/** `@deprecated("use transfer")`. */
export interface AnnotationNode extends NodeBase {
  readonly kind: 'annotation';
  readonly name: NameNode | MissingNode;
  readonly arguments: readonly ValueNode[];
}

/** `@7`; the number is any integer that was written, the checker knows which are ids. */
export interface IdNode extends NodeBase {
  readonly kind: 'id';
  readonly value: bigint;
}

/** A word of the language, chosen from a few: a semantics, an order. */
export interface WordNode<Word extends string> extends NodeBase {
  readonly kind: 'word';
  readonly text: Word;
}

// ── module, import, export ──────────────────────────────────────────────────────────────────────────────────────────

/** `module bank.v1;`. */
export interface ModuleNode extends AnnotatedNode {
  readonly kind: 'module';
  readonly name: ModuleNameNode | MissingNode;
}

export interface ModuleNameNode extends NodeBase {
  readonly kind: 'module-name';
  readonly parts: readonly NameNode[];
  /** The parts joined by dots. */
  readonly text: string;
}

/** `import { Money, Rate as Fx } from "./money.idl";`. */
export interface ImportNode extends NodeBase {
  readonly kind: 'import';
  readonly names: readonly ImportedNameNode[];
  readonly from: StringNode | MissingNode;
}

/** `export { Fx } from "./money.idl";`. */
export interface ExportNode extends NodeBase {
  readonly kind: 'export';
  readonly names: readonly ImportedNameNode[];
  readonly from: StringNode | MissingNode;
}

export interface ImportedNameNode extends NodeBase {
  readonly kind: 'imported-name';
  /** As the other file declares it. */
  readonly name: NameNode | MissingNode;
  /** After `as`: as this file calls it. */
  readonly alias: NameNode | MissingNode | undefined;
}

// ── declarations ────────────────────────────────────────────────────────────────────────────────────────────────────

export type DeclarationNode =
  | ConstantNode
  | AliasNode
  | EnumNode
  | StructNode
  | UnionNode
  | ErrorNode
  | InterfaceNode
  | GroupNode;

interface DeclarationBase extends AnnotatedNode {
  readonly name: NameNode | MissingNode;
}

/** `const MaxNote: u32 = 256;`. */
export interface ConstantNode extends DeclarationBase {
  readonly kind: 'constant';
  readonly type: TypeNode;
  readonly value: ValueNode;
}

/** `type AccountId = string where length(1..64);`. */
export interface AliasNode extends DeclarationBase {
  readonly kind: 'alias';
  readonly type: TypeNode;
  readonly constraints: readonly ConstraintNode[];
}

export interface EnumNode extends DeclarationBase {
  readonly kind: 'enum';
  readonly closed: boolean;
  readonly members: readonly EnumMemberNode[];
  readonly reserved: readonly ReservedNode[];
}

export interface EnumMemberNode extends AnnotatedNode {
  readonly kind: 'enum-member';
  readonly id: IdNode | MissingNode;
  readonly name: NameNode | MissingNode;
}

export interface StructNode extends DeclarationBase {
  readonly kind: 'struct';
  readonly fields: readonly FieldNode[];
  readonly reserved: readonly ReservedNode[];
}

export interface UnionNode extends DeclarationBase {
  readonly kind: 'union';
  /** Written as fields are; that an arm has neither `?` nor a default is for the checker to say. */
  readonly fields: readonly FieldNode[];
  readonly reserved: readonly ReservedNode[];
}

export interface ErrorNode extends DeclarationBase {
  readonly kind: 'error';
  readonly fields: readonly FieldNode[];
  readonly reserved: readonly ReservedNode[];
}

interface TypedMember extends AnnotatedNode {
  readonly id: IdNode | MissingNode;
  readonly name: NameNode | MissingNode;
  /** The `?` after the name. */
  readonly optional: boolean;
  readonly type: TypeNode;
  readonly constraints: readonly ConstraintNode[];
  /** The value after `=`. */
  readonly default: ValueNode | undefined;
}

/** A field of a struct or an error, or an arm of a union. */
export interface FieldNode extends TypedMember {
  readonly kind: 'field';
}

/** A parameter of a procedure. */
export interface ParameterNode extends TypedMember {
  readonly kind: 'parameter';
  /** The word before the type. */
  readonly stream: WordNode<'stream'> | undefined;
}

/** `reserved 3, 7..9, "pin";`. */
export interface ReservedNode extends NodeBase {
  readonly kind: 'reserved';
  readonly items: readonly (ReservedIdsNode | StringNode)[];
}

/** `3`, which is `3..3`, or `7..9`; both ends are included. */
export interface ReservedIdsNode extends NodeBase {
  readonly kind: 'reserved-ids';
  readonly first: bigint;
  readonly last: bigint;
}

// ── interfaces and groups ───────────────────────────────────────────────────────────────────────────────────────────

export interface InterfaceNode extends DeclarationBase {
  readonly kind: 'interface';
  /** After `extends`. */
  readonly bases: readonly (NameNode | MissingNode)[];
  readonly defaults: DefaultsNode | undefined;
  readonly procedures: readonly ProcedureNode[];
  readonly reserved: readonly ReservedNode[];
}

/** What a procedure, or an interface for its procedures, promises. */
export interface PromiseClauses {
  readonly semantics: WordNode<Semantics> | MissingNode | undefined;
  readonly idempotent: WordNode<'idempotent'> | undefined;
  readonly deadline: DurationNode | MissingNode | undefined;
}

/** `default at-most-once deadline 2s;`. */
export interface DefaultsNode extends NodeBase, PromiseClauses {
  readonly kind: 'defaults';
}

export interface ProcedureNode extends AnnotatedNode, PromiseClauses {
  readonly kind: 'procedure';
  readonly id: IdNode | MissingNode;
  readonly name: NameNode | MissingNode;
  readonly parameters: readonly ParameterNode[];
  readonly resultStream: WordNode<'stream'> | undefined;
  readonly result: TypeNode | VoidNode;
  /** The names of the errors after `throws`. */
  readonly throws: readonly (NameNode | MissingNode)[];
}

/** `void`, which stands for a result only. */
export interface VoidNode extends NodeBase {
  readonly kind: 'void';
}

export interface GroupNode extends DeclarationBase {
  readonly kind: 'group';
  /** After `of`. */
  readonly interface: NameNode | MissingNode;
  readonly access: WordNode<Access> | MissingNode | undefined;
  readonly order: WordNode<DeliveryOrder> | MissingNode | undefined;
  readonly replies: RepliesNode | MissingNode | undefined;
  readonly policies: readonly GroupPolicyNode[];
}

/** One procedure's line in a group: `balance order fifo replies first;`. */
export interface GroupPolicyNode extends NodeBase {
  readonly kind: 'group-policy';
  readonly procedure: NameNode;
  readonly order: WordNode<DeliveryOrder> | MissingNode | undefined;
  readonly replies: RepliesNode | MissingNode | undefined;
}

/** `majority`, or `n(2)`. */
export interface RepliesNode extends NodeBase {
  readonly kind: 'replies';
  readonly policy: ReplyWord;
  /** Of `n(2)` only. */
  readonly count: IntegerNode | MissingNode | undefined;
}

// ── types ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export type TypeNode =
  | PrimitiveTypeNode
  | NamedTypeNode
  | CollectionTypeNode
  | MapTypeNode
  | NullableTypeNode
  | MissingNode;

export interface PrimitiveTypeNode extends NodeBase {
  readonly kind: 'primitive-type';
  readonly name: PrimitiveName;
}

export interface NamedTypeNode extends NodeBase {
  readonly kind: 'named-type';
  readonly name: NameNode;
}

export interface CollectionTypeNode extends NodeBase {
  readonly kind: 'list-type' | 'set-type';
  readonly element: TypeNode;
}

export interface MapTypeNode extends NodeBase {
  readonly kind: 'map-type';
  readonly key: TypeNode;
  readonly value: TypeNode;
}

/** `T?`. */
export interface NullableTypeNode extends NodeBase {
  readonly kind: 'nullable-type';
  readonly inner: TypeNode;
}

// ── constraints ─────────────────────────────────────────────────────────────────────────────────────────────────────

export type ConstraintNode = BoundsNode | PatternNode | MissingNode;

/** `length(1..64)`, `range(..10)`, `count(3)`; both ends are included, an open one is `undefined`. */
export interface BoundsNode extends NodeBase {
  readonly kind: 'bounds';
  readonly constraint: WordNode<BoundsKind>;
  readonly min: ValueNode | undefined;
  /** The same node as `min` where one value stands for both. */
  readonly max: ValueNode | undefined;
}

/** `pattern("[a-z]+")`. */
export interface PatternNode extends NodeBase {
  readonly kind: 'pattern';
  readonly source: StringNode;
}

// ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export type ValueNode =
  | IntegerNode
  | FloatNode
  | StringNode
  | DurationNode
  | BoolNode
  | NullNode
  | ListNode
  | MapNode
  | ReferenceNode
  | MissingNode;

export interface IntegerNode extends NodeBase {
  readonly kind: 'integer';
  /** From −2⁶³ to 2⁶⁴ − 1. */
  readonly value: bigint;
}

export interface FloatNode extends NodeBase {
  readonly kind: 'float';
  /** Finite. */
  readonly value: number;
}

export interface StringNode extends NodeBase {
  readonly kind: 'string';
  /** Escapes resolved. */
  readonly value: string;
}

export interface DurationNode extends NodeBase {
  readonly kind: 'duration';
  /** In milliseconds. */
  readonly value: number;
}

export interface BoolNode extends NodeBase {
  readonly kind: 'bool';
  readonly value: boolean;
}

export interface NullNode extends NodeBase {
  readonly kind: 'null';
}

/** `["a", "b"]`. */
export interface ListNode extends NodeBase {
  readonly kind: 'list';
  readonly elements: readonly ValueNode[];
}

/** `{ "a": 1, "b": 2 }`. */
export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly entries: readonly MapEntryNode[];
}

export interface MapEntryNode extends NodeBase {
  readonly kind: 'map-entry';
  readonly key: ValueNode;
  readonly value: ValueNode;
}

/** A constant (`MaxNote`), or a member of an enum (`Kind.current`). */
export interface ReferenceNode extends NodeBase {
  readonly kind: 'reference';
  readonly name: NameNode;
  readonly member: NameNode | MissingNode | undefined;
}
