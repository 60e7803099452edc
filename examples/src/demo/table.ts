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

const labelWidth = 32;
const cellWidth = 22;

/** `undefined` makes an empty line. */
export function table(rows: readonly (Row | undefined)[]): string {
  return rows.map(row => (row === undefined ? '' : line(row))).join('\n');
}

function line({ label, cells }: Row): string {
  const painted = cells.map(cell => {
    if (typeof cell === 'string') return cell.padStart(cellWidth);
    const [style, text] = cell;
    return paint(style, text.padStart(cellWidth));
  });
  return `  ${label.padEnd(labelWidth)}${painted.join('')}`;
}
