/** The grammar of names, values, types and constraints. */
import type { IToken, ParserMethod, TokenType } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import { closest } from '../diagnostics/suggest.js';
import type { Span } from '../source/span.js';
import { RecoveringParser } from './recovery.js';
import * as t from './tokens.js';
import type {
  ConstraintNode,
  DurationNode,
  FloatNode,
  IntegerNode,
  ListNode,
  MapEntryNode,
  MapNode,
  MissingNode,
  NameNode,
  ReferenceNode,
  StringNode,
  TypeNode,
  ValueNode,
  WordNode,
} from './tree.js';
import { boundsKinds, primitiveNames } from './words.js';

/** How many levels deep types and values may be nested. */
const nestingLimit = 64;

const constraintWords = [...boundsKinds, 'pattern'] as const;

/** What the types that take types are written with. */
const typeArguments: Readonly<Record<string, readonly string[]>> = {
  list: ['T'],
  set: ['T'],
  map: ['K', 'V'],
};

/** What can be mistaken for a name, and is skipped where one should stand. */
const notNames: readonly TokenType[] = [
  ...[t.AtLeastOnce, t.AtMostOnce, t.Integer, t.Float, t.Duration, t.MalformedNumber, t.StringLiteral],
];

const valueStarts: readonly TokenType[] = [
  ...[t.Name, t.Integer, t.Float, t.Duration, t.MalformedNumber, t.StringLiteral, t.BracketOpen, t.BraceOpen],
];

export abstract class TypeGrammar extends RecoveringParser {
  #depth = 0;

  // ── names and words ───────────────────────────────────────────────────────────────────────────────────────────────

  protected readonly name = this.RULE('name', (what = 'a name'): NameNode | MissingNode => {
    if (this.RECORDING_PHASE || !this.atBoundary()) {
      const token = this.expect(t.Name, 0, what);
      if (token) return this.nameNode(token);
      if (this.sameLine() && notNames.some(type => this.at(type))) this.SKIP_TOKEN();
    } else {
      this.unexpected({ what });
    }
    return this.missing();
  });

  /** `name, name`. */
  protected readonly names = this.RULE(
    'names',
    (what?: string, notNames: readonly string[] = []): (NameNode | MissingNode)[] =>
      this.commaSeparated(this.name, () => this.#atForgottenComma(notNames), what),
  );

  /** Whether a name follows that is not rather a misspelled word of what may come after the list. */
  #atForgottenComma(words: readonly string[]): boolean {
    const { tokenType, image } = this.LA(1);
    return tokenType === t.Word && this.sameLine() && closest(image, words) === undefined;
  }

  /** Reads a word that is one of a few; the index tells it from other names that the same rule reads. */
  protected choice<Word extends string>(
    index: number,
    words: readonly Word[],
    what: string,
  ): WordNode<Word> | MissingNode {
    if (!this.RECORDING_PHASE && !(this.at(t.Name) && this.sameLine())) {
      this.unexpected({ what });
      return this.missing();
    }
    const token = this.consume(index, t.Name);
    const span = this.tokenSpan(token);
    const text = words.find(word => word === token.image);
    if (text !== undefined) return { kind: 'word', text, span };
    this.fail(() => this.report(diagnostics.unknownWord, span, { what, found: token.image, words }));
    return { kind: 'missing', span };
  }

  /** `element, element`; a comma that is missing is taken as read where `follows` says that an element comes. */
  protected commaSeparated<Arguments extends unknown[], T>(
    element: ParserMethod<Arguments, T>,
    follows: () => boolean,
    ...elementArguments: Arguments
  ): T[] {
    return this.#separated(element, () => this.at(t.Comma) || follows(), elementArguments);
  }

  /** Elements for as long as the list `continues`. */
  #separated<Arguments extends unknown[], T>(
    element: ParserMethod<Arguments, T>,
    continues: () => boolean,
    ARGS: Arguments,
  ): T[] {
    const elements = [this.subrule(0, element, { ARGS })];
    this.many(0, {
      GATE: continues,
      DEF: () => {
        const comma = this.option(0, () => this.consume(0, t.Comma));
        if (!comma) this.unexpected({ what: "','" });
        elements.push(this.subrule(1, element, { ARGS }));
      },
    });
    return elements;
  }

  protected nameNode(token: IToken): NameNode {
    const span = this.tokenSpan(token);
    const wrong = token.tokenType === t.Word && !/^[A-Za-z_]\w*$/.test(token.image);
    if (wrong) this.report(diagnostics.badName, span, { text: token.image });
    return { kind: 'name', text: token.image, span };
  }

  // ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected readonly value: ParserMethod<[], ValueNode> = this.RULE('value', () => {
    if (!this.RECORDING_PHASE && (this.atBoundary() || !valueStarts.some(type => this.at(type)))) {
      this.unexpected({ what: 'a value' });
      return this.missing();
    }
    return this.#nested(() =>
      this.OR({
        IGNORE_AMBIGUITIES: true,
        DEF: [
          { ALT: () => this.SUBRULE(this.integer) },
          { ALT: () => this.SUBRULE(this.#float) },
          { ALT: () => this.SUBRULE(this.duration) },
          { ALT: () => this.SUBRULE(this.string) },
          {
            ALT: () => ({ kind: 'missing' as const, span: this.tokenSpan(this.CONSUME(t.MalformedNumber)) }),
          },
          { ALT: () => ({ kind: 'bool' as const, span: this.tokenSpan(this.CONSUME(t.True)), value: true }) },
          {
            ALT: () => ({ kind: 'bool' as const, span: this.tokenSpan(this.CONSUME(t.False)), value: false }),
          },
          { ALT: () => ({ kind: 'null' as const, span: this.tokenSpan(this.CONSUME(t.Null)) }) },
          { ALT: () => this.SUBRULE(this.#list) },
          { ALT: () => this.SUBRULE(this.#map) },
          { ALT: () => this.SUBRULE(this.#reference) },
        ],
      }),
    );
  });

  /** `value, value`. */
  protected readonly values = this.RULE('values', (): ValueNode[] =>
    this.commaSeparated(this.value, () => this.sameLine() && valueStarts.some(type => this.at(type))),
  );

  protected readonly integer = this.RULE('integer', (): IntegerNode | MissingNode =>
    this.#literal('integer', this.CONSUME(t.Integer)),
  );

  /** As `integer`, where something else may stand by mistake. */
  protected integerOr(what: string): IntegerNode | MissingNode {
    if (this.RECORDING_PHASE || this.at(t.Integer)) return this.subrule(9, this.integer);
    this.unexpected({ what });
    return this.missing();
  }

  readonly #float = this.RULE('float', (): FloatNode | MissingNode =>
    this.#literal('float', this.CONSUME(t.Float)),
  );

  protected readonly duration = this.RULE('duration', (): DurationNode | MissingNode =>
    this.#literal('duration', this.CONSUME(t.Duration)),
  );

  protected readonly string = this.RULE('string', (): StringNode | MissingNode =>
    this.#literal('string', this.CONSUME(t.StringLiteral)),
  );

  /** As `string`, where something else may stand by mistake. */
  protected stringOr(what: string): StringNode | MissingNode {
    if (this.RECORDING_PHASE || this.at(t.StringLiteral)) return this.subrule(9, this.string);
    this.unexpected({ what });
    return this.missing();
  }

  /** The lexer has decoded the literal, and reported it if it could not. */
  #literal<Kind extends string, Value>(
    kind: Kind,
    token: IToken & { payload?: Value },
  ): { kind: Kind; span: Span; value: Value } | MissingNode {
    const span = this.tokenSpan(token);
    const value = token.payload;
    return value === undefined ? { kind: 'missing', span } : { kind, span, value };
  }

  readonly #list = this.RULE('list', (): ListNode => {
    const start = this.nextStart();
    this.CONSUME(t.BracketOpen);
    const elements = this.OPTION(() => this.SUBRULE(this.values)) ?? [];
    this.expect(t.BracketClose);
    return { kind: 'list', span: this.spanFrom(start), elements };
  });

  readonly #map = this.RULE('map', (): MapNode => {
    const start = this.nextStart();
    this.CONSUME(t.BraceOpen);
    const entries = this.OPTION(() => this.SUBRULE(this.#entries)) ?? [];
    this.expect(t.BraceClose);
    return { kind: 'map', span: this.spanFrom(start), entries };
  });

  readonly #entries = this.RULE('entries', (): MapEntryNode[] =>
    this.commaSeparated(this.#entry, () => false),
  );

  readonly #entry = this.RULE('entry', (): MapEntryNode => {
    const start = this.nextStart();
    const key = this.SUBRULE(this.value);
    this.expect(t.Colon);
    const value = this.SUBRULE2(this.value);
    return { kind: 'map-entry', span: this.spanFrom(start), key, value };
  });

  readonly #reference = this.RULE('reference', (): ReferenceNode | MissingNode => {
    const start = this.nextStart();
    const name = this.SUBRULE(this.name);
    const member = this.OPTION(() => {
      this.CONSUME(t.Dot);
      return this.SUBRULE2(this.name);
    });
    return name.kind === 'missing' ? name : { kind: 'reference', span: this.spanFrom(start), name, member };
  });

  // ── types ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected readonly type: ParserMethod<[], TypeNode> = this.RULE('type', () =>
    this.#nested((): TypeNode => {
      const start = this.nextStart();
      const inner = this.SUBRULE(this.#plainType);
      const question = this.OPTION(() => this.CONSUME(t.Question));
      return question ? { kind: 'nullable-type', span: this.spanFrom(start), inner } : inner;
    }),
  );

  readonly #plainType = this.RULE('plainType', (): TypeNode => {
    if (this.at(t.Stream)) {
      this.fail(() => this.report(diagnostics.misplacedStream, this.tokenSpan(this.LA(1))));
      this.SKIP_TOKEN();
    }
    const start = this.nextStart();
    const name = this.SUBRULE(this.name, { ARGS: ['a type'] });
    const types = this.OPTION(() => {
      this.CONSUME(t.AngleOpen);
      const list = this.SUBRULE(this.#types);
      this.expect(t.AngleClose);
      return list;
    });
    if (this.RECORDING_PHASE || name.kind === 'missing') return this.missing();
    return this.#typeNode(name, types ?? [], this.spanFrom(start));
  });

  readonly #types = this.RULE('types', (): TypeNode[] =>
    this.commaSeparated(this.type, () => this.sameLine() && this.at(t.Name)),
  );

  #typeNode(name: NameNode, types: readonly TypeNode[], span: Span): TypeNode {
    const wanted = typeArguments[name.text] ?? [];
    const missing: MissingNode = { kind: 'missing', span };
    if (name.text === 'void') {
      this.fail(() => this.report(diagnostics.misplacedVoid, span));
      return missing;
    }
    if (types.length !== wanted.length) {
      this.fail(() => this.report(diagnostics.typeArguments, span, { name: name.text, wanted }));
      return missing;
    }
    const [first = missing, second = missing] = types;
    if (name.text === 'map') return { kind: 'map-type', span, key: first, value: second };
    if (name.text === 'list') return { kind: 'list-type', span, element: first };
    if (name.text === 'set') return { kind: 'set-type', span, element: first };
    const primitive = primitiveNames.find(candidate => candidate === name.text);
    return primitive ? { kind: 'primitive-type', span, name: primitive } : { kind: 'named-type', span, name };
  }

  // ── constraints ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** `where length(1..64), pattern("[a-z]+")`. */
  protected readonly constraints = this.RULE('constraints', (): ConstraintNode[] => {
    this.CONSUME(t.Where);
    // A comma before an `@` ends the parameter that is constrained.
    const continues = () => (this.at(t.Comma) ? !this.at(t.At, 2) : this.sameLine() && this.at(t.Name));
    return this.#separated(this.#constraint, continues, []);
  });

  readonly #constraint = this.RULE('constraint', (): ConstraintNode => {
    const start = this.nextStart();
    const word = this.choice(0, constraintWords, 'constraint');
    this.expect(t.ParenthesisOpen);
    const min = this.OPTION(() => this.SUBRULE(this.value));
    let max = min;
    const range = this.OPTION2(() => {
      this.CONSUME(t.DotDot);
      max = this.OPTION3(() => this.SUBRULE2(this.value));
      return true;
    });
    this.expect(t.ParenthesisClose);
    const span = this.spanFrom(start);
    if (this.RECORDING_PHASE || word.kind === 'missing') return { kind: 'missing', span };

    const { text } = word;
    if (text === 'pattern') {
      if (min?.kind === 'string' && !range) return { kind: 'pattern', span, source: min };
      if (min?.kind !== 'missing') this.fail(() => this.report(diagnostics.patternString, span));
      return { kind: 'missing', span };
    }
    if (!min && !max) {
      this.fail(() => this.report(diagnostics.emptyBounds, span, { constraint: text }));
      return { kind: 'missing', span };
    }
    return { kind: 'bounds', span, constraint: { ...word, text }, min, max };
  });

  /** Keeps the nesting of types and values, and with it the stack of calls, within the limit. */
  #nested<T>(read: () => T): T | MissingNode {
    if (this.#depth === nestingLimit) {
      const start = this.nextStart();
      this.fail(() => this.report(diagnostics.tooDeep, this.tokenSpan(this.LA(1)), { limit: nestingLimit }));
      this.skipNested();
      return { kind: 'missing', span: this.spanFrom(start) };
    }
    this.#depth++;
    const result = read();
    this.#depth--;
    return result;
  }
}
