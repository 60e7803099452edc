/** The grammar of a file: module, imports, declarations. */
import { EOF, type IToken } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Report } from '../diagnostics/diagnostic.js';
import type { SourceFile } from '../source/source-file.js';
import type { Span } from '../source/span.js';
import { docComments } from './doc-comments.js';
import { GroupGrammar } from './group-grammar.js';
import type { LexedFile } from './lexer.js';
import * as t from './tokens.js';
import type {
  AliasNode,
  AnnotatedNode,
  ConstantNode,
  DeclarationNode,
  EnumNode,
  ErrorNode,
  ExportNode,
  FileNode,
  GroupNode,
  ImportedNameNode,
  ImportNode,
  InterfaceNode,
  MissingNode,
  ModuleNameNode,
  ModuleNode,
  NameNode,
  StructNode,
  UnionNode,
} from './tree.js';

type Item = ModuleNode | ImportNode | ExportNode | DeclarationNode;

/** A node without what every declaration begins with. */
type Part<Node> = Node extends Item ? Omit<Node, 'span' | keyof AnnotatedNode> : never;

const declarationWords = [
  ...['module', 'import', 'export', 'const', 'type', 'enum', 'closed', 'struct', 'union', 'error'],
  ...['interface', 'group'],
];

const aDeclaration = { what: 'a declaration', words: declarationWords };

export class FileParser extends GroupGrammar {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  /** Reads a whole file; never throws. */
  parse(source: SourceFile, lexed: LexedFile, report: Report): FileNode {
    this.start(source, lexed, report);
    this.docs = docComments(source.text, lexed.comments);
    const items = this.#file();
    const ofKind = <Kind extends Item['kind']>(kind: Kind) =>
      items.filter((item): item is Extract<Item, { kind: Kind }> => item.kind === kind);
    const isDeclaration = (item: Item): item is DeclarationNode =>
      item.kind !== 'module' && item.kind !== 'import' && item.kind !== 'export';

    const [first] = items;
    const [module, ...others] = ofKind('module');
    if (module && module !== first) report(diagnostics.moduleNotFirst, module.span);
    for (const other of others) report(diagnostics.repeatedModule, other.span);
    const start = { file: source.path, start: 0, end: 0 };
    return {
      kind: 'file',
      span: { ...start, end: source.text.length },
      module: module ?? { kind: 'missing', span: start },
      imports: ofKind('import'),
      exports: ofKind('export'),
      declarations: items.filter(isDeclaration),
      comments: lexed.comments,
    };
  }

  /** The doc comments of the file just read that belong to nothing. */
  strayDocComments(): Span[] {
    return this.docs.stray();
  }

  // ── items ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  readonly #file = this.RULE('file', (): Item[] => {
    const items: Item[] = [];
    do {
      this.MANY(() => {
        const item = this.SUBRULE(this.#item);
        if (item) items.push(item);
      });
    } while (this.skipToDeclaration(aDeclaration));
    return items;
  });

  readonly #item = this.scopedRule('item', (): Item | undefined => {
    const start = this.nextStart();
    const ARGS: [IToken] = [this.LA(1)];
    const head = this.SUBRULE(this.head);
    while (this.at(t.Closed) && !this.at(t.Enum, 2)) {
      this.SKIP_TOKEN();
      this.unexpected({ what: "'enum'" });
    }
    if (!this.RECORDING_PHASE && !this.atKeyword()) {
      this.unexpected(aDeclaration, !this.at(EOF));
      if (!this.at(EOF)) this.skipDeclaration();
      return undefined;
    }
    const part = this.OR<Part<Item>>([
      { ALT: () => this.SUBRULE(this.#module) },
      { ALT: () => this.SUBRULE(this.#import) },
      { ALT: () => this.SUBRULE(this.#export) },
      { ALT: () => this.SUBRULE(this.#constant) },
      { ALT: () => this.SUBRULE(this.#alias) },
      { ALT: () => this.SUBRULE(this.#enum, { ARGS }) },
      { ALT: () => this.SUBRULE(this.#struct, { ARGS }) },
      { ALT: () => this.SUBRULE(this.#union, { ARGS }) },
      { ALT: () => this.SUBRULE(this.#error, { ARGS }) },
      { ALT: () => this.SUBRULE(this.#interface, { ARGS }) },
      { ALT: () => this.SUBRULE(this.#group, { ARGS }) },
    ]);
    const span = this.spanFrom(start);
    if (part.kind !== 'import' && part.kind !== 'export') return { ...part, ...head, span };
    for (const annotation of head.annotations ?? []) {
      this.report(diagnostics.cannotAnnotate, annotation.span, { what: part.kind });
    }
    return { ...part, span };
  });

  // ── module, import, export ────────────────────────────────────────────────────────────────────────────────────────

  readonly #module = this.RULE('module', (): Part<ModuleNode> => {
    this.CONSUME(t.Module);
    const name = this.SUBRULE(this.#moduleName);
    this.endOfMember();
    return { kind: 'module', name };
  });

  readonly #moduleName = this.RULE('moduleName', (): ModuleNameNode | MissingNode => {
    const start = this.nextStart();
    const parts = [this.SUBRULE(this.name, { ARGS: ['the name of the module'] })];
    this.MANY(() => {
      this.CONSUME(t.Dot);
      parts.push(this.SUBRULE2(this.name));
    });
    const names = parts.filter((part): part is NameNode => part.kind === 'name');
    if (names.length < parts.length) return this.missing();
    const text = names.map(name => name.text).join('.');
    return { kind: 'module-name', span: this.spanFrom(start), parts: names, text };
  });

  readonly #import = this.RULE('import', (): Part<ImportNode> => {
    this.CONSUME(t.Import);
    const clause = this.SUBRULE(this.#importClause);
    return { kind: 'import', ...clause };
  });

  readonly #export = this.RULE('export', (): Part<ExportNode> => {
    this.CONSUME(t.Export);
    const clause = this.SUBRULE(this.#importClause);
    return { kind: 'export', ...clause };
  });

  readonly #importClause = this.RULE('importClause', (): Pick<ImportNode, 'names' | 'from'> => {
    this.expect(t.BraceOpen);
    const names = this.SUBRULE(this.#importedNames);
    this.expectAfterMore(t.BraceClose);
    this.expect(t.From);
    const from = this.stringOr('the path of a file in quotes');
    this.endOfMember();
    return { names, from };
  });

  readonly #importedNames = this.RULE('importedNames', () =>
    this.commaSeparated(this.#importedName, () => this.at(t.Name) && !this.at(t.From)),
  );

  readonly #importedName = this.RULE('importedName', (): ImportedNameNode => {
    const start = this.nextStart();
    const name = this.SUBRULE(this.name);
    const alias = this.OPTION(() => {
      this.CONSUME(t.As);
      return this.SUBRULE2(this.name);
    });
    return { kind: 'imported-name', span: this.spanFrom(start), name, alias };
  });

  // ── declarations ──────────────────────────────────────────────────────────────────────────────────────────────────

  readonly #constant = this.RULE('constant', (): Part<ConstantNode> => {
    this.CONSUME(t.Const);
    const name = this.SUBRULE(this.name);
    this.expect(t.Colon);
    const type = this.SUBRULE(this.type);
    this.expect(t.Equals);
    const value = this.SUBRULE(this.value);
    this.endOfMember();
    return { kind: 'constant', name, type, value };
  });

  readonly #alias = this.RULE('alias', (): Part<AliasNode> => {
    this.CONSUME(t.Type);
    const name = this.SUBRULE(this.name);
    this.expect(t.Equals);
    const type = this.SUBRULE(this.type);
    const constraints = this.OPTION(() => this.SUBRULE(this.constraints)) ?? [];
    this.endOfMember();
    return { kind: 'alias', name, type, constraints };
  });

  readonly #enum = this.RULE('enum', (declaration: IToken): Part<EnumNode> => {
    const closed = this.OPTION(() => this.CONSUME(t.Closed)) !== undefined;
    this.CONSUME(t.Enum);
    const name = this.SUBRULE(this.name);
    const body = this.SUBRULE(this.enumBody, { ARGS: [declaration] });
    return { kind: 'enum', closed, name, ...body };
  });

  readonly #struct = this.RULE('struct', (declaration: IToken): Part<StructNode> => {
    this.CONSUME(t.Struct);
    const name = this.SUBRULE(this.name);
    const body = this.SUBRULE(this.fieldBody, { ARGS: [declaration, 'a field'] });
    return { kind: 'struct', name, ...body };
  });

  readonly #union = this.RULE('union', (declaration: IToken): Part<UnionNode> => {
    this.CONSUME(t.Union);
    const name = this.SUBRULE(this.name);
    const body = this.SUBRULE(this.fieldBody, { ARGS: [declaration, 'an arm'] });
    return { kind: 'union', name, ...body };
  });

  readonly #error = this.RULE('error', (declaration: IToken): Part<ErrorNode> => {
    this.CONSUME(t.ErrorKeyword);
    const name = this.SUBRULE(this.name);
    const body = this.SUBRULE(this.fieldBody, { ARGS: [declaration, 'a field'] });
    return { kind: 'error', name, ...body };
  });

  readonly #interface = this.RULE('interface', (declaration: IToken): Part<InterfaceNode> => {
    this.CONSUME(t.Interface);
    const name = this.SUBRULE(this.name);
    const bases = this.OPTION(() => {
      this.CONSUME(t.Extends);
      return this.SUBRULE(this.names);
    });
    const body = this.SUBRULE(this.interfaceBody, { ARGS: [declaration] });
    return { kind: 'interface', name, bases: bases ?? [], ...body };
  });

  readonly #group = this.RULE('group', (declaration: IToken): Part<GroupNode> => {
    this.CONSUME(t.Group);
    const name = this.SUBRULE(this.name);
    this.expect(t.Of);
    const target = this.SUBRULE2(this.name, { ARGS: ['the name of an interface'] });
    const body = this.SUBRULE(this.groupBody, { ARGS: [declaration] });
    return { kind: 'group', name, interface: target, ...body };
  });
}
