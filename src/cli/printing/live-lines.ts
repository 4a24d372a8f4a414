// Lines on the normal screen that are drawn over as long as something is under way. The rules: the
// cursor rests where they begin, and the screen is never erased from its very first place on. A
// terminal that becomes narrower breaks what stands on it into more lines: from its end nobody
// could tell where it began. And tmux takes a screen that is erased as a whole for one to scroll
// back to: it would keep every picture.

/** Where they are drawn. */
export interface LiveScreen {
  readonly columns?: number;
  write(text: string): unknown;
}

/** Columns that a line may take there: a full one would leave the cursor on its last column. */
export function liveColumns({ columns }: LiveScreen): number {
  return (columns || 80) - 1;
}

/** Draws these in place of those that stand there. None may be wider than `liveColumns`. */
export function drawLive(screen: LiveScreen, lines: readonly string[]): void {
  const last = lines.length - 1;
  const text = lines.map((line, i) => `\r${line}\u001b[${i === last ? 'J' : 'K\n'}`).join('');
  screen.write(`${text}${'\u001b[A'.repeat(last)}\r`);
}

/** Takes them off the screen; what is written next begins where they began. */
export function clearLive(screen: LiveScreen): void {
  screen.write('\r \u001b[J\r');
}
