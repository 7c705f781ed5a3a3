import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from './terminal.ts';

const GAP = '  ';
const LAST_COLUMN_MIN = 12;

const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;
const padTo = (cell: string, width: number): string => cell + ' '.repeat(Math.max(0, width - widthOf(cell)));

/** Rows under a heading; only the last column is cut, and only to fit a terminal. */
export const tableLines = (
  terminal: Terminal,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => {
  const last = headings.length - 1;
  const widths = headings.map((heading, column) =>
    Math.max(widthOf(heading), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  const lastMax =
    terminal.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(LAST_COLUMN_MIN, terminal.columns - before);
  const lineOf = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === last ? cutTo(cell, lastMax) : padTo(cell, widths[column] ?? 0)))
      .join(GAP)
      .trimEnd();
  return [terminal.style('bold', lineOf(headings)), ...rows.map(lineOf)];
};

/** Styled cells are short words: only plain ones are ever cut. */
const cutTo = (cell: string, width: number): string =>
  widthOf(cell) <= width || widthOf(cell) !== cell.length ? cell : `${cell.slice(0, width - 1)}…`;

/** `name  value` lines; fields without a value are left out. */
export const fieldLines = (
  terminal: Terminal,
  fields: readonly (readonly [string, string | null | undefined])[],
): readonly string[] => {
  const given = fields.filter(
    (field): field is readonly [string, string] => field[1] !== null && field[1] !== undefined,
  );
  const width = Math.max(0, ...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${terminal.style('dim', name.padEnd(width))}${GAP}${value}`);
};
