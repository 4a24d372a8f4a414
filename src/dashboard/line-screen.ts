// A terminal that is written line by line: Ink draws whole frames, and only the lines that differ
// from what stands there are sent. Ink's own ways of writing wipe the scrollback at full height, or
// slide; this one never sends a sequence that erases more than the rest of a line, except when it
// draws everything anew (and then only the visible screen).

import { EventEmitter } from 'node:events';

/** What is needed of a terminal. */
export interface Terminal {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J\u001b[H';

/** Back to the normal screen: no alternate screen, a cursor, no colours. */
export const RESTORE = '\u001b[0m\u001b[?1049l\u001b[?25h';

const NO_FRAMES: ReadonlySet<string> = new Set(['', '\n', '\u001b[?25h', '\u001b[?25l']);

/** Stands in for stdout where Ink is concerned. */
export class LineScreen extends EventEmitter {
  readonly #terminal: Terminal;
  #shown: readonly string[] = [];
  #frame: readonly string[] = [];
  #active = false;
  readonly isTTY = true;

  constructor(terminal: Terminal) {
    super();
    this.#terminal = terminal;
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

  /** A frame of Ink's: lines, as many as there are. */
  readonly write = (frame: string): boolean => {
    // Ink hides and shows the cursor by itself, and ends with a line break; neither is a frame.
    if (NO_FRAMES.has(frame)) return true;
    this.#frame = frame.split('\n');
    this.#draw();
    return true;
  };

  #draw(): void {
    if (!this.#active) return;
    const lines = this.#frame.slice(0, this.rows);
    let text = '';
    const count = Math.max(lines.length, this.#shown.length);
    for (let row = 0; row < count; row += 1) {
      const line = lines[row] ?? '';
      if (this.#shown[row] === line) continue;
      // First the erasing, then the text: a line of full width leaves the cursor on its last column.
      text += `\u001b[${row + 1};1H\u001b[0m\u001b[K${line}`;
    }
    this.#shown = lines;
    if (text !== '') this.#terminal.write(`${text}\u001b[0m`);
  }
}
