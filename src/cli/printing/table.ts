// Columns for people: a heading, rows, two blanks between. Cells are cleaned here.

import { cleanText } from './clean-text.ts';
import type { Style } from './colour.ts';
import { textWidth } from './text-width.ts';

export type Cell =
  | string
  | number
  | null
  | { readonly text: string | number | null; readonly style?: Style; readonly right?: boolean };

/** The lines of a table. A column with numbers stands to the right, null is shown as "-". */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  headingStyle: Style = (text) => text,
): string[] {
  const cells = rows.map((row) => row.map(partsOf));
  const head = heading.map((text) => ({ text, style: headingStyle, right: false }));
  const columns = heading.map((_, column) => {
    const texts = [head, ...cells].map((row) => row[column]?.text ?? '');
    return {
      width: Math.max(...texts.map(textWidth)),
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

function partsOf(cell: Cell): { text: string; style: Style; right: boolean } {
  const { text, style, right } = typeof cell === 'object' && cell !== null ? cell : { text: cell };
  return {
    text: text === null ? '-' : cleanText(String(text)),
    style: style ?? ((plain) => plain),
    right: right ?? typeof text === 'number',
  };
}
