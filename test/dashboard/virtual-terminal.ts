// A terminal of a given size that understands what the dashboard sends, and nothing else: a
// sequence that it does not know is an error, so that none slips in.

import type { Terminal } from '../../src/dashboard/terminal/line-screen.ts';

const ESCAPE = '\u001b';
const SEQUENCE = new RegExp(`${ESCAPE}\\[(\\??[\\d;]*)([A-Za-z])`, 'y');
const STYLE = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g');

export class VirtualTerminal implements Terminal {
  columns: number;
  rows: number;
  /** Everything that was ever sent. */
  sent = '';
  onAlternate = false;
  cursorShown = true;
  private cells: string[];
  private row = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.cells = Array.from({ length: rows }, () => '');
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.cells = Array.from({ length: rows }, (_, row) => this.cells[row] ?? '');
  }

  /** Lines on the screen, without codes, without blanks at their ends. */
  get lines(): string[] {
    return this.cells.map((line) => line.replace(STYLE, '').trimEnd());
  }

  /** Lines with their codes. */
  get styled(): string[] {
    return [...this.cells];
  }

  write(text: string): boolean {
    this.sent += text;
    for (let at = 0; at < text.length; ) {
      if (text[at] !== ESCAPE) {
        const end = text.indexOf(ESCAPE, at);
        const shown = text.slice(at, end === -1 ? text.length : end);
        if (/\p{Cc}/u.test(shown)) throw new Error(`control character in ${JSON.stringify(shown)}`);
        this.cells[this.row] += shown;
        at += shown.length;
        continue;
      }
      SEQUENCE.lastIndex = at;
      const found = SEQUENCE.exec(text);
      if (found === null) throw new Error(`unknown: ${JSON.stringify(text.slice(at, at + 20))}`);
      this.obey(found[1]!, found[2]!, found[0]);
      at += found[0].length;
    }
    return true;
  }

  private obey(parameters: string, letter: string, sequence: string): void {
    const command = `${/^\?/.test(parameters) || letter === 'J' ? parameters : ''}${letter}`;
    switch (command) {
      case 'm':
        this.cells[this.row] += sequence;
        return;
      case 'H':
        this.row = Number(parameters.split(';')[0] || 1) - 1;
        if (this.row >= this.rows) throw new Error(`row ${this.row + 1} of ${this.rows}`);
        return;
      case 'K':
        this.cells[this.row] = '';
        return;
      case '2J':
        this.cells = this.cells.map(() => '');
        return;
      case '?1049h':
      case '?1049l':
        this.onAlternate = command.endsWith('h');
        return;
      case '?25h':
      case '?25l':
        this.cursorShown = command.endsWith('h');
        return;
      default:
        throw new Error(`the dashboard must not send ${JSON.stringify(sequence)}`);
    }
  }
}
