/** The grammar of what stands in the bodies of data: fields, parameters, members of enums, reserved ids. */
import type { IToken, TokenType } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import { type DocComments, docComments } from './doc-comments.js';
import * as t from './tokens.js';
import type {
  AnnotatedNode,
  AnnotationNode,
  EnumMemberNode,
  FieldNode,
  IdNode,
  MissingNode,
  NameNode,
  ParameterNode,
  ReservedIdsNode,
  ReservedNode,
  StringNode,
} from './tree.js';
import { TypeGrammar } from './type-grammar.js';

/** A word before one of these is a member whose id was forgotten; any other is no member. */
const afterMemberName: readonly TokenType[] = [t.Colon, t.Question, t.ParenthesisOpen, t.Semicolon, t.Comma];

/** What stands before a declaration. */
type Head = Pick<AnnotatedNode, 'doc' | 'annotations'>;

/** What stands before a member, with its name. */
type MemberHead = Head & Pick<FieldNode, 'id' | 'name'>;

/** What follows the name of a field and of a parameter. */
type Typed = Pick<ParameterNode, 'optional' | 'stream' | 'type' | 'constraints' | 'default'>;

interface FieldBody {
  readonly fields: FieldNode[];
  readonly reserved: ReservedNode[];
}

interface EnumBody {
  readonly members: EnumMemberNode[];
  readonly reserved: ReservedNode[];
}

export abstract class MemberGrammar extends TypeGrammar {
  protected docs: DocComments = docComments('', []);

  // ── annotations, ids ──────────────────────────────────────────────────────────────────────────────────────────────

  readonly #annotation = this.RULE('annotation', (): AnnotationNode => {
    const start = this.nextStart();
    this.CONSUME(t.At);
    const name = this.SUBRULE(this.name, { ARGS: ['the name of an annotation'] });
    const values = this.OPTION({
      // `@` for `@1` before a procedure: the parenthesis is that of its parameters.
      GATE: () => !this.at(t.At, 2),
      DEF: () => {
        this.CONSUME(t.ParenthesisOpen);
        const list = this.OPTION2(() => this.SUBRULE(this.values));
        this.expect(t.ParenthesisClose);
        return list;
      },
    });
    return { kind: 'annotation', span: this.spanFrom(start), name, arguments: values ?? [] };
  });

  /** The doc comment may stand before, between and after the annotations. */
  protected readonly head = this.RULE('head', (): Head => {
    const docs = [this.#takeDoc()];
    const annotations: AnnotationNode[] = [];
    this.MANY({
      GATE: () => !this.at(t.Integer, 2),
      DEF: () => {
        annotations.push(this.SUBRULE(this.#annotation));
        docs.push(this.#takeDoc());
      },
    });
    const lines = docs.filter(doc => doc !== undefined);
    return { doc: lines.length === 0 ? undefined : lines.join('\n'), annotations };
  });

  #takeDoc(): string | undefined {
    return this.RECORDING_PHASE ? undefined : this.docs.take(this.lastEnd(), this.nextStart());
  }

  /** Doc comment, annotations, id and name; `what` is the member's word in messages. */
  protected readonly memberHead = this.RULE('memberHead', (what: string): MemberHead => {
    const head = this.SUBRULE(this.head);
    const id = this.OPTION(() => this.SUBRULE(this.#id));
    this.MANY(() => {
      const annotation = this.SUBRULE(this.#annotation);
      this.fail(() => this.report(diagnostics.misplacedAnnotation, annotation.span));
    });
    const name = this.SUBRULE(this.name, { ARGS: [`the name of ${what}`] });
    if (!id && name.kind === 'name') this.#reportMissingId(what, name);
    return { ...head, id: id ?? this.missing(), name };
  });

  #reportMissingId(what: string, { span, text: name }: NameNode): void {
    this.fail(() => {
      if (afterMemberName.some(type => this.at(type))) {
        this.report(diagnostics.missingId, span, { what: what.replace(/^an? /, ''), name });
      } else {
        this.report(diagnostics.expected, span, { what, found: name });
      }
    });
  }

  readonly #id = this.RULE('id', (): IdNode | MissingNode => {
    const start = this.nextStart();
    this.CONSUME(t.At);
    const number = this.SUBRULE(this.integer);
    return number.kind === 'missing' ? number : { ...number, kind: 'id', span: this.spanFrom(start) };
  });

  // ── fields and parameters ─────────────────────────────────────────────────────────────────────────────────────────

  readonly #field = this.scopedRule('field', (what: string): FieldNode => {
    const start = this.nextStart();
    const head = this.SUBRULE(this.memberHead, { ARGS: [what] });
    const { stream, ...typed } = this.SUBRULE(this.#typed);
    if (stream) this.fail(() => this.report(diagnostics.misplacedStream, stream.span));
    this.endOfMember();
    return { kind: 'field', span: this.spanFrom(start), ...head, ...typed };
  });

  protected readonly parameters = this.RULE('parameters', (): ParameterNode[] =>
    this.commaSeparated(this.#parameter, () => this.at(t.At)),
  );

  readonly #parameter = this.scopedRule('parameter', (): ParameterNode => {
    const start = this.nextStart();
    const head = this.SUBRULE(this.memberHead, { ARGS: ['a parameter'] });
    const typed = this.SUBRULE(this.#typed);
    this.skipParameter();
    return { kind: 'parameter', span: this.spanFrom(start), ...head, ...typed };
  });

  readonly #typed = this.RULE('typed', (): Typed => {
    const optional = this.OPTION(() => this.CONSUME(t.Question)) !== undefined;
    this.expect(t.Colon);
    const stream = this.OPTION2(() => this.SUBRULE(this.stream));
    const type = this.SUBRULE(this.type);
    const constraints = this.OPTION3(() => this.SUBRULE(this.constraints)) ?? [];
    const value = this.OPTION4(() => {
      this.CONSUME(t.Equals);
      return this.SUBRULE(this.value);
    });
    return { optional, stream, type, constraints, default: value };
  });

  protected readonly stream = this.RULE('stream', () => ({
    kind: 'word' as const,
    text: 'stream' as const,
    span: this.tokenSpan(this.CONSUME(t.Stream)),
  }));

  /** The body of a struct, a union or an error. */
  protected readonly fieldBody = this.RULE('fieldBody', (declaration: IToken, what: string): FieldBody => {
    const body: FieldBody = { fields: [], reserved: [] };
    const member = () =>
      this.OR({
        IGNORE_AMBIGUITIES: true,
        DEF: [
          { GATE: () => this.atReserved(), ALT: () => body.reserved.push(this.SUBRULE(this.reserved)) },
          { ALT: () => body.fields.push(this.SUBRULE(this.#field, { ARGS: [what] })) },
        ],
      });
    this.body({ declaration, what, member });
    return body;
  });

  // ── members of enums ──────────────────────────────────────────────────────────────────────────────────────────────

  protected readonly enumBody = this.RULE('enumBody', (declaration: IToken): EnumBody => {
    const body: EnumBody = { members: [], reserved: [] };
    const member = () =>
      this.OR({
        IGNORE_AMBIGUITIES: true,
        DEF: [
          { GATE: () => this.atReserved(), ALT: () => body.reserved.push(this.SUBRULE(this.reserved)) },
          { ALT: () => body.members.push(this.SUBRULE(this.#enumMember)) },
        ],
      });
    this.body({ declaration, what: 'a member', member });
    return body;
  });

  readonly #enumMember = this.scopedRule('enumMember', (): EnumMemberNode => {
    const start = this.nextStart();
    const head = this.SUBRULE(this.memberHead, { ARGS: ['a member'] });
    this.endOfMember();
    return { kind: 'enum-member', span: this.spanFrom(start), ...head };
  });

  // ── reserved ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the word `reserved` begins a list of ids, and is not the name of a member without an id. */
  protected atReserved(): boolean {
    return (
      this.at(t.Reserved) && !this.at(t.Colon, 2) && !this.at(t.Question, 2) && !this.at(t.ParenthesisOpen, 2)
    );
  }

  protected readonly reserved = this.scopedRule('reserved', (): ReservedNode => {
    const start = this.nextStart();
    this.CONSUME(t.Reserved);
    const items = this.SUBRULE(this.#reservedItems);
    this.endOfMember();
    return { kind: 'reserved', span: this.spanFrom(start), items };
  });

  readonly #reservedItems = this.RULE('reservedItems', (): ReservedNode['items'] =>
    this.commaSeparated(this.#reservedItem, () => this.at(t.Integer) || this.at(t.StringLiteral)).filter(
      item => item.kind !== 'missing',
    ),
  );

  readonly #reservedItem = this.RULE('reservedItem', (): ReservedIdsNode | StringNode | MissingNode => {
    if (!this.RECORDING_PHASE && !this.at(t.Integer) && !this.at(t.StringLiteral)) {
      this.unexpected({ what: 'an id or a name in quotes' });
      return this.missing();
    }
    return this.OR<ReservedIdsNode | StringNode | MissingNode>([
      { ALT: () => this.SUBRULE(this.string) },
      { ALT: () => this.SUBRULE(this.#reservedIds) },
    ]);
  });

  readonly #reservedIds = this.RULE('reservedIds', (): ReservedIdsNode | MissingNode => {
    const start = this.nextStart();
    const first = this.SUBRULE(this.integer);
    const last = this.OPTION(() => {
      this.CONSUME(t.DotDot);
      return this.integerOr('the last id');
    });
    if (first.kind === 'missing' || last?.kind === 'missing') return this.missing();
    const span = this.spanFrom(start);
    return { kind: 'reserved-ids', span, first: first.value, last: last?.value ?? first.value };
  });
}
