/** From the text of a file to its tree. */
import { diagnostics as catalogue } from '../diagnostics/catalogue.js';
import { collect, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { SourceFile } from '../source/source-file.js';
import { FileParser } from './file-grammar.js';
import { lex } from './lexer.js';
import type { FileNode } from './tree.js';

export interface ParseResult {
  /** Whole, whatever the mistakes. */
  readonly tree: FileNode;
  /** In source order. */
  readonly diagnostics: readonly Diagnostic[];
}

/** One for all files: to build it is to analyse the grammar. */
const parser = new FileParser();

/** Reads an `.idl` file; never throws. */
export function parse(source: SourceFile): ParseResult {
  const diagnostics: Diagnostic[] = [];
  const report = collect(diagnostics);
  if (source.invalidUtf8) report(catalogue.invalidUtf8, source.invalidUtf8);
  const tree = parser.parse(source, lex(source, report), report);
  if (diagnostics.length === 0) {
    if (tree.module.kind === 'missing') report(catalogue.missingModule, tree.module.span);
    for (const span of parser.strayDocComments()) report(catalogue.strayDocComment, span);
  }
  return { tree, diagnostics: diagnostics.sort((a, b) => a.span.start - b.span.start) };
}
