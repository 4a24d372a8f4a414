// A terminal that is written line by line: of each picture only the lines that differ from what
// stands there are sent. Nothing here erases more than one line, except when everything is drawn
// anew, and then only the visible screen: the scrollback is never touched.

/** What is needed of a terminal. */
export interface Terminal {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J\u001b[H';

/** Back to the normal screen: no alternate screen, a cursor, no colours. */
const RESTORE = '\u001b[0m\u001b[?1049l\u001b[?25h';

export class LineScreen {
  readonly #terminal: Terminal;
  #shown: readonly string[] = [];
  #frame: readonly string[] = [];
  #active = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Whether it has the alternate screen. */
  get active(): boolean {
    return this.#active;
  }

  get columns(): number {
    return this.#terminal.columns || 80;
  }

  get rows(): number {
    return this.#terminal.rows || 24;
  }

  /** Takes over the alternate screen, and draws what has been written meanwhile. */
  enter(): void {
    if (this.#active) return;
    this.#active = true;
    this.#shown = [];
    this.#terminal.write(ENTER);
    this.#draw();
  }

  /** Leaves it; frames that come are kept and not shown. */
  leave(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#terminal.write(RESTORE);
  }

  /** Draws everything anew: after a resize, or when something else has written to the screen. */
  repaint(): void {
    if (!this.#active) return;
    this.#shown = [];
    this.#terminal.write('\u001b[0m\u001b[2J');
    this.#draw();
  }

  /** The next picture: lines with their codes, none wider than the terminal. */
  show(lines: readonly string[]): void {
    this.#frame = lines;
    this.#draw();
  }

  #draw(): void {
    if (!this.#active) return;
    const lines = this.#frame.slice(0, this.rows);
    let text = '';
    // A terminal that became smaller takes a row beyond its end for its last one.
    const count = Math.min(this.rows, Math.max(lines.length, this.#shown.length));
    for (let row = 0; row < count; row += 1) {
      const line = lines[row] ?? '';
      if (this.#shown[row] === line) continue;
      // Erased before it is written: a full line leaves the cursor on its last column.
      text += `\u001b[${row + 1};1H\u001b[0m\u001b[K${line}`;
    }
    this.#shown = lines;
    if (text !== '') this.#terminal.write(text);
  }
}
