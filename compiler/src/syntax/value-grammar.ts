/** The grammar of names and values. */
import type { IToken, ParserMethod, TokenType } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import { closest } from '../diagnostics/suggest.js';
import type { Span } from '../source/span.js';
import { RecoveringParser } from './recovery.js';
import * as t from './tokens.js';
import type {
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
  ValueNode,
  WordNode,
} from './tree.js';

/** How many levels deep types and values may be nested. */
const nestingLimit = 64;

/** What can be mistaken for a name, and is skipped where one should stand. */
const notNames: readonly TokenType[] = [
  ...[t.AtLeastOnce, t.AtMostOnce, t.Integer, t.Float, t.Duration, t.MalformedNumber, t.StringLiteral],
];

/** Chevrotain tells the calls of a rule in another by an index; this one no rule uses for calls of its own. */
const besidesOthers = 9;

const valueStarts: readonly TokenType[] = [
  ...[t.Name, t.Integer, t.Float, t.Duration, t.MalformedNumber, t.StringLiteral, t.BracketOpen, t.BraceOpen],
];

export abstract class ValueGrammar extends RecoveringParser {
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
    return this.elements(element, () => this.at(t.Comma) || follows(), elementArguments);
  }

  /** As `commaSeparated`, where a comma may also belong to what comes after the list. */
  protected elements<Arguments extends unknown[], T>(
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
    return this.nested(() =>
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
    if (this.RECORDING_PHASE || this.at(t.Integer)) return this.subrule(besidesOthers, this.integer);
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
    if (this.RECORDING_PHASE || this.at(t.StringLiteral)) return this.subrule(besidesOthers, this.string);
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

  /** Keeps the nesting of types and values, and with it the stack of calls, within the limit. */
  protected nested<T>(read: () => T): T | MissingNode {
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
