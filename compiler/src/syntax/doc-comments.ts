/** Which doc comment documents what. */
import type { Span } from '../source/span.js';
import type { CommentNode } from './tree.js';

export interface DocComments {
  /**
   * Takes the comments between two offsets of which the text between holds nothing but comments and white space.
   *
   * @returns their lines without the slashes and one leading space, `undefined` where there are none
   */
  take(from: number, to: number): string | undefined;
  /** Those that nobody took, adjacent lines as one. */
  stray(): Span[];
}

export function docComments(text: string, comments: readonly CommentNode[]): DocComments {
  const docs = comments.filter(comment => comment.kind === 'doc-comment');
  const taken = new Set<CommentNode>();
  let next = 0;

  return {
    take(from, to) {
      const lines: string[] = [];
      while (next < docs.length && docs[next]!.span.start < to) {
        const doc = docs[next++]!;
        if (doc.span.start < from || trails(text, from, doc)) continue;
        taken.add(doc);
        lines.push(doc.text.slice(3).replace(/^ /, '').trimEnd());
      }
      return lines.length === 0 ? undefined : lines.join('\n');
    },
    stray() {
      const spans: Span[] = [];
      for (const doc of docs) {
        if (taken.has(doc)) continue;
        const last = spans.at(-1);
        const adjacent = last && /^(\r\n|\r|\n)[ \t]*$/.test(text.slice(last.end, doc.span.start));
        if (adjacent) spans[spans.length - 1] = { ...last, end: doc.span.end };
        else spans.push(doc.span);
      }
      return spans;
    },
  };
}

/** Whether a comment stands on the line of what it follows, and so cannot mean what comes next. */
function trails(text: string, from: number, doc: CommentNode): boolean {
  return from > 0 && !/[\r\n]/.test(text.slice(from, doc.span.start));
}
