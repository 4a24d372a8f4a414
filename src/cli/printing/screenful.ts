// A picture that is drawn again and again on the normal screen. The rule: it never scrolls. What is
// drawn over it would begin too low, and its head, the most important line, be out of sight.

import { counted } from './counted.ts';

/** Whether what stands on a terminal can be written over; a dumb one shows the codes for it. */
export function canDrawOver(
  stream: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Drawn over whatever is on the screen, from its first row on; the cursor is below it. */
export function screenful(lines: readonly string[], rows: number | undefined): string {
  const room = (rows || Number.POSITIVE_INFINITY) - 1;
  const kept = lines.length <= room ? lines : lines.slice(0, Math.max(0, room - 1));
  const left = lines.length - kept.length;
  const all = left === 0 ? kept : [...kept, `… ${counted(left, 'line more', 'lines more')}`];
  // Each line is erased before it is written: a full one leaves the cursor on its last column.
  return `\u001b[H${all.map((line) => `\u001b[K${line}\n`).join('')}\u001b[J`;
}
