/** Pieces of TypeScript's text. */

/** Where generated lines should end at the latest. */
const lineWidth = 110;

/** Whether a line is short enough. */
export function fits(line: string): boolean {
  return line.length <= lineWidth;
}

/** A string literal in single quotes. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}

/** Each line of the text, two spaces further in. */
export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

/** Items between brackets: in one line where they fit behind `before`, else one a line. */
export function bracketed(open: string, items: readonly string[], close: string, before = 0): string {
  if (items.length === 0) return `${open.trim()}${close.trim()}`;
  const line = `${open}${items.join(', ')}${close}`;
  if (before + line.length <= lineWidth && !line.includes('\n')) return line;
  return `${open.trim()}\n${items.map(item => `${indent(item)},\n`).join('')}${close.trim()}`;
}

/** An object literal with one entry a line. */
export function object(entries: readonly string[]): string {
  return entries.length === 0 ? '{}' : `{\n${entries.map(entry => `${indent(entry)},\n`).join('')}}`;
}

/** A union of types: in one line where they fit behind `before`, else one a line. */
export function unionType(types: readonly string[], before: number): string {
  const line = types.join(' | ');
  return before + line.length <= lineWidth ? line : types.join('\n| ');
}

/** A property of an object literal, in short where the value bears its name. */
export function property(name: string, value: string): string {
  return name === value ? name : `${name}: ${value}`;
}

/** A method of a returned object: its head up to the arrow, and what it returns, in the same line where it fits. */
export function arrow(head: string, result: string): string {
  const column = 4;
  const lastLine = head.slice(head.lastIndexOf('\n') + 1);
  return column + lastLine.length + result.length + 2 <= lineWidth
    ? `${head} ${result}`
    : `${head}\n${indent(result)}`;
}

/** A call as such a method returns it: its arguments one a line where they do not fit into one. */
export function call(callee: string, passed: readonly string[]): string {
  const column = 6;
  return `${callee}${bracketed('(', passed, ')', column + callee.length + 1)}`;
}
