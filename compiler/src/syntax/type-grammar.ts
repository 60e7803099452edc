/** The grammar of types and constraints. */
import type { ParserMethod } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Span } from '../source/span.js';
import * as t from './tokens.js';
import type { ConstraintNode, MissingNode, NameNode, TypeNode } from './tree.js';
import { ValueGrammar } from './value-grammar.js';
import { boundsKinds, primitiveNames } from './words.js';

const constraintWords = [...boundsKinds, 'pattern'] as const;

/** What the types that take types are written with. */
const typeArguments: ReadonlyMap<string, readonly string[]> = new Map([
  ['list', ['T']],
  ['set', ['T']],
  ['map', ['K', 'V']],
]);

export abstract class TypeGrammar extends ValueGrammar {
  // ── types ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected readonly type: ParserMethod<[], TypeNode> = this.RULE('type', () =>
    this.nested((): TypeNode => {
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
    const wanted = typeArguments.get(name.text) ?? [];
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
    return this.elements(this.#constraint, continues, []);
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
}
