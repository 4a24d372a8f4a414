// Columns for people: a heading, rows, two blanks between. Cells are cleaned here.

import { cleanText } from './clean-text.ts';
import type { Style } from './colour.ts';
import { type Screen, textWidth } from './text-width.ts';

export type Cell =
  | string
  | number
  | null
  | { readonly text: string | number | null; readonly style?: Style; readonly right?: boolean };

const PLAINLY: Style = (text) => text;

/** The lines of a table. A column with numbers stands to the right, null is shown as "-". */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  headingStyle: Style = PLAINLY,
): string[] {
  const cells = rows.map((row) => row.map(partsOf));
  const head = heading.map((text) => ({ text, style: headingStyle, right: false }));
  const columns = heading.map((_, column) => {
    const texts = [head, ...cells].map((row) => row[column]?.text ?? '');
    return {
      // Not by spreading them: a list of keys may have more rows than a call has arguments.
      width: texts.reduce((widest, text) => Math.max(widest, textWidth(text)), 0),
      right: cells.some((row) => row[column]?.right),
    };
  });
  return [head, ...cells].map((row) =>
    row
      .map(({ text, style }, place) => {
        const { width, right } = columns[place]!;
        const blanks = ' '.repeat(width - textWidth(text));
        if (right) return blanks + style(text);
        return style(text) + (place === row.length - 1 ? '' : blanks);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** As tableLines; at a terminal that is too narrow for it without some columns: first without the
 * first of `expendable`, then without the first two, and so on. */
export function fittedTable(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  expendable: readonly string[],
  screen: Screen,
  headingStyle?: Style,
): string[] {
  const room = screen.isTTY === true && screen.columns ? screen.columns : Number.POSITIVE_INFINITY;
  const without = (count: number) => {
    const gone = expendable.slice(0, count);
    const isKept = (_: unknown, column: number) => !gone.includes(heading[column] ?? '');
    return [heading.filter(isKept), rows.map((row) => row.filter(isKept))] as const;
  };
  const fits = (count: number): boolean => {
    const [head, cells] = without(count);
    const plain = cells.map((row) => row.map((cell) => ({ ...partsOf(cell), style: PLAINLY })));
    return tableLines(head, plain).every((line) => textWidth(line) <= room);
  };
  const counts = Array.from({ length: expendable.length + 1 }, (_, count) => count);
  return tableLines(...without(counts.find(fits) ?? expendable.length), headingStyle);
}

function partsOf(cell: Cell): { text: string; style: Style; right: boolean } {
  const { text, style, right } = typeof cell === 'object' && cell !== null ? cell : { text: cell };
  return {
    text: text === null ? '-' : cleanText(String(text)),
    style: style ?? PLAINLY,
    right: right ?? typeof text === 'number',
  };
}
