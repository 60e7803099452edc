/** The grammar of what stands in the bodies of interfaces. */
import type { IToken, TokenType } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import type { DiagnosticKind } from '../diagnostics/diagnostic.js';
import { MemberGrammar } from './member-grammar.js';
import * as t from './tokens.js';
import type {
  DefaultsNode,
  DurationNode,
  InterfaceNode,
  MissingNode,
  ProcedureNode,
  PromiseClauses,
  ReservedNode,
  TypeNode,
  VoidNode,
  WordNode,
} from './tree.js';
import { type Semantics, semanticsWords } from './words.js';

/** The keywords of a procedure's clauses, in the order in which the clauses stand. */
const clauseKeywords: readonly (readonly TokenType[])[] = [
  [t.Throws],
  [t.Maybe, t.AtLeastOnce, t.AtMostOnce],
  [t.Idempotent],
  [t.Deadline],
];

const clauseWords = ['throws', ...semanticsWords, 'idempotent', 'deadline'];

type Draft<Node> = { -readonly [Key in keyof Node]: Node[Key] };

type Clauses = PromiseClauses & Pick<ProcedureNode, 'throws'>;

type InterfaceBody = Draft<Pick<InterfaceNode, 'defaults'>> & {
  procedures: ProcedureNode[];
  reserved: ReservedNode[];
};

export abstract class InterfaceGrammar extends MemberGrammar {
  // ── interfaces ────────────────────────────────────────────────────────────────────────────────────────────────────

  protected readonly interfaceBody = this.RULE('interfaceBody', (declaration: IToken): InterfaceBody => {
    const body: InterfaceBody = { defaults: undefined, procedures: [], reserved: [] };
    const member = () =>
      this.OR<unknown>({
        IGNORE_AMBIGUITIES: true,
        DEF: [
          { GATE: () => this.atReserved(), ALT: () => body.reserved.push(this.SUBRULE(this.reserved)) },
          {
            GATE: () => this.at(t.Default) && !this.at(t.ParenthesisOpen, 2),
            ALT: () => {
              if (body.defaults) this.#reportHere(diagnostics.repeatedDefaults);
              body.defaults = this.SUBRULE(this.#defaults);
            },
          },
          { ALT: () => body.procedures.push(this.SUBRULE(this.#procedure)) },
        ],
      });
    this.body({ declaration, what: 'a procedure', member, ofProcedures: true });
    return body;
  });

  readonly #defaults = this.scopedRule('defaults', (): DefaultsNode => {
    const start = this.nextStart();
    this.CONSUME(t.Default);
    if (this.at(t.Semicolon)) this.unexpected({ what: 'a semantics or a deadline' });
    const { throws: _, ...promise } = this.SUBRULE(this.#clauses, { ARGS: [true] });
    this.endOfMember();
    return { kind: 'defaults', span: this.spanFrom(start), ...promise };
  });

  readonly #procedure = this.scopedRule('procedure', (): ProcedureNode => {
    const start = this.nextStart();
    const head = this.SUBRULE(this.memberHead, { ARGS: ['a procedure'] });
    const open = this.expect(t.ParenthesisOpen);
    const parameters = this.OPTION({
      GATE: () => open !== undefined || this.sameLine(),
      DEF: () => this.SUBRULE(this.parameters),
    });
    this.expect(t.ParenthesisClose);
    this.expect(t.Colon, 0, "':' and the type of the result");
    const resultStream = this.OPTION2(() => this.SUBRULE(this.stream));
    const result = this.SUBRULE(this.#result);
    const clauses = this.SUBRULE(this.#clauses);
    this.endOfMember();
    return {
      kind: 'procedure',
      span: this.spanFrom(start),
      ...head,
      parameters: parameters ?? [],
      resultStream,
      result,
      ...clauses,
    };
  });

  readonly #result = this.RULE('result', (): TypeNode | VoidNode => {
    const empty = this.OPTION({
      GATE: () => this.LA(1).image === 'void',
      DEF: () => this.CONSUME(t.Word),
    });
    return empty && !this.RECORDING_PHASE
      ? { kind: 'void', span: this.tokenSpan(empty) }
      : this.SUBRULE(this.type);
  });

  // ── clauses ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads clauses in whatever order they stand, so that a wrong order is one error. */
  readonly #clauses = this.RULE('clauses', (inDefaults = false): Clauses => {
    const clauses: Draft<Clauses> = {
      throws: [],
      semantics: undefined,
      idempotent: undefined,
      deadline: undefined,
    };
    const seen = new Map<number, string>();
    this.MANY({
      GATE: () => this.LA(1).tokenType !== t.Word || this.sameLine(),
      DEF: () => {
        if (inDefaults && this.at(t.Throws)) this.#reportHere(diagnostics.throwsInDefaults);
        else this.#checkOrder(seen);
        this.OR([
          { ALT: () => (clauses.throws = this.SUBRULE(this.#throws)) },
          { ALT: () => (clauses.semantics = this.SUBRULE(this.#semantics)) },
          { ALT: () => (clauses.idempotent = this.SUBRULE(this.#idempotent)) },
          { ALT: () => (clauses.deadline = this.SUBRULE(this.#deadline)) },
          { ALT: () => this.SUBRULE(this.#unknownClause) },
        ]);
      },
    });
    return clauses;
  });

  #reportHere(kind: DiagnosticKind): void {
    this.report(kind, this.tokenSpan(this.LA(1)));
  }

  #checkOrder(seen: Map<number, string>): void {
    const { tokenType, image: clause } = this.LA(1);
    const position = clauseKeywords.findIndex(keywords => keywords.includes(tokenType));
    if (position < 0) return;
    const later = [...seen.keys()].filter(other => other > position);
    const span = this.tokenSpan(this.LA(1));
    if (seen.has(position)) this.report(diagnostics.repeatedClause, span, { clause });
    else if (later.length > 0) {
      this.report(diagnostics.clauseOrder, span, { clause, after: seen.get(Math.min(...later))! });
    }
    seen.set(position, clause);
  }

  readonly #throws = this.RULE('throws', () => {
    this.CONSUME(t.Throws);
    return this.SUBRULE(this.names, { ARGS: ['the name of an error', clauseWords] });
  });

  readonly #semantics = this.RULE(
    'semantics',
    (): WordNode<Semantics> =>
      this.OR([
        { ALT: () => this.#word('maybe', this.CONSUME(t.Maybe)) },
        { ALT: () => this.#word('at-least-once', this.CONSUME(t.AtLeastOnce)) },
        { ALT: () => this.#word('at-most-once', this.CONSUME(t.AtMostOnce)) },
      ]),
  );

  readonly #idempotent = this.RULE('idempotent', () => this.#word('idempotent', this.CONSUME(t.Idempotent)));

  #word<Word extends string>(text: Word, token: IToken): WordNode<Word> {
    return { kind: 'word', text, span: this.tokenSpan(token) };
  }

  readonly #deadline = this.RULE('deadline', (): DurationNode | MissingNode => {
    this.CONSUME(t.Deadline);
    if (!this.RECORDING_PHASE && !this.at(t.Duration) && !this.at(t.Integer)) {
      this.unexpected({ what: 'a duration such as 500ms' });
      return this.missing();
    }
    return this.OR<DurationNode | MissingNode>([
      { ALT: () => this.SUBRULE(this.duration) },
      {
        ALT: () => {
          const number = this.CONSUME(t.Integer);
          const span = this.tokenSpan(number);
          this.report(diagnostics.durationUnit, span, { text: number.image });
          return { kind: 'missing', span };
        },
      },
    ]);
  });

  readonly #unknownClause = this.RULE('unknownClause', () => {
    const word = this.CONSUME(t.Word);
    const occurrence = { what: 'clause', found: word.image, words: clauseWords };
    this.fail(() => this.report(diagnostics.unknownWord, this.tokenSpan(word), occurrence));
  });
}
