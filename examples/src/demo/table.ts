/** A table with aligned columns. */
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow';

/** Colours are for people: on a terminal, and unless NO_COLOR forbids (https://no-color.org). */
const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;

export function paint(style: Style, text: string): string {
  return coloured ? styleText(style, text) : text;
}

export interface Row {
  readonly label: string;
  readonly cells: readonly (string | readonly [Style, string])[];
}

/** How many characters wide its columns are. */
export interface Widths {
  readonly label: number;
  readonly cell: number;
}

/** `undefined` makes an empty line. */
export function table(rows: readonly (Row | undefined)[], widths: Widths = { label: 32, cell: 22 }): string {
  return rows.map(row => (row === undefined ? '' : line(row, widths))).join('\n');
}

function line({ label, cells }: Row, widths: Widths): string {
  const painted = cells.map(cell => {
    if (typeof cell === 'string') return cell.padStart(widths.cell);
    const [style, text] = cell;
    return paint(style, text.padStart(widths.cell));
  });
  return `  ${label.padEnd(widths.label)}${painted.join('')}`.trimEnd();
}
