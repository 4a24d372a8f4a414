// What a server's logger says, as a person at a terminal reads it: beside lines for people stand no
// JSON objects.

import { plainLines } from '../../cluster/report.ts';
import { cleanText } from './clean-text.ts';

/** A line of the logger. A note is one of those that the server prints itself, too. */
interface Line {
  readonly level: string;
  readonly at: string;
  readonly name?: string;
  readonly event?: string;
  readonly msg?: string;
  readonly error?: string;
  readonly err?: { readonly message?: string };
  readonly [field: string]: unknown;
}

/** The same as a plain line; empty for a note where the terminal shows the notes already. */
export function plainDiagnostic(text: string, notesShown = process.stdout.isTTY): string {
  const { level: _, at: __, name = '', event, msg = '', ...rest }: Line = JSON.parse(text);
  if (event !== undefined) {
    return notesShown ? '' : plainLines({ event, node: name, ...rest }, cleanText);
  }
  const { error, err, ...fields } = rest;
  const facts = Object.entries(fields).map(([field, value]) => `${field} ${String(value)}`);
  const reason = error ?? err?.message;
  const said = facts.length === 0 ? msg : `${msg} (${facts.join(', ')})`;
  return `${cleanText(`${name}: ${said}${reason === undefined ? '' : `: ${reason}`}`)}\n`;
}

/** What a node wrote, as its launcher shows it beside lines of its own: a line with its end, or
 * nothing where the launcher tells the same as an event. */
export function plainOutput(node: string, line: string): string {
  return isDiagnostic(line) ? plainDiagnostic(line, true) : `${node} | ${cleanText(line)}\n`;
}

function isDiagnostic(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    const { level, at } = JSON.parse(line) as Partial<Line>;
    return typeof level === 'string' && typeof at === 'string';
  } catch {
    // Cut off for its length, or a stranger's: it is shown as it came.
    return false;
  }
}
