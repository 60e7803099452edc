/**
 * Text that a server sent, for a terminal: control characters but line breaks and tabs, by which it could move the cursor
 * or hide what was printed, are shown as escapes.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, character => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}
