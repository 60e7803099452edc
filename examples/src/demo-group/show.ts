/** What the demo prints beside its story. */
import { paint, type Row, table } from '../demo/table.js';

const widths = { label: 13, cell: 11 };

export function heading(number: number, text: string): void {
  console.log(`\n${paint('bold', `${number}  ${text}`)}\n`);
}

/** Paragraphs, indented. */
export function tell(...lines: readonly string[]): void {
  for (const line of lines) console.log(line === '' ? '' : `   ${line}`);
}

/** A row of each line's place, with what each member has there. */
export function showDeliveries(
  columns: readonly string[],
  rows: readonly (readonly [label: string, cells: readonly (string | undefined)[]])[],
): void {
  const head: Row = { label: '', cells: columns.map(name => ['bold', name]) };
  const body = rows.map(([label, cells]): Row => {
    return {
      label,
      cells: cells.map((cell, index) => {
        if (cell === undefined) return ['dim', '·'];
        return isBy(columns[index]!, cell) ? ['bold', cell] : cell;
      }),
    };
  });
  console.log(`\n${table([head, ...body], widths)}\n`);
}

/** Whether this member wrote the line. */
function isBy(name: string, text: string): boolean {
  return text === name || text.startsWith(`${name} `);
}

/** What each member delivered, one below the other. */
export function showLists(columns: readonly string[], lists: readonly (readonly string[])[]): void {
  const length = Math.max(...lists.map(list => list.length));
  showDeliveries(
    columns,
    Array.from({ length }, (_, index) => [ordinal(index + 1), lists.map(list => list[index])] as const),
  );
}

export function ordinal(number: number): string {
  return `${number}${['st', 'nd', 'rd'][number - 1] ?? 'th'}`;
}

export function milliseconds(duration: number): string {
  return duration < 10_000 ? `${Math.round(duration)} ms` : `${(duration / 1000).toFixed(1)} s`;
}

/** `ann, ben and cleo` */
export function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
