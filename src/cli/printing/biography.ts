// The stories that several nodes tell of one operation, put together to one life.

import type { LogEntry, Story } from '../../client/answers.ts';
import { cleanText } from './clean-text.ts';
import type { Styles } from './colour.ts';
import { type Screen, textWidth, wrapped } from './text-width.ts';

/** Columns of a terminal that nobody has widened. */
const WIDTH = 80;

/** Columns of text below which words would stand alone. */
const TEXT_LEAST = 20;

/** Characters of a message or a value that are shown. */
const TEXT_SHOWN = 40;

/** One line of the merged life. `ms`: since the first line of all. */
export interface LifeLine {
  readonly node: string;
  readonly at: string;
  readonly ms: number;
  readonly event: string;
  readonly peer: string | null;
  readonly text: string;
}

/** All lines in the order of the nodes' clocks, which on one machine are the same. Within a node
 * the order is the node's own, and its times are finer than its clock's text. */
export function merge(stories: readonly Story[]): LifeLine[] {
  const timed = stories.flatMap(({ node, lines }) => {
    const start = Date.parse(lines[0]?.at ?? '');
    return lines.map((line) => ({ node, line, time: start + line.ms }));
  });
  const sorted = timed.toSorted((one, other) => one.time - other.time);
  const start = sorted[0]?.time ?? 0;
  return sorted.map(({ node, line: { at, event, peer, text }, time }) => {
    return { node, at, ms: Math.round((time - start) * 1_000) / 1_000, event, peer, text };
  });
}

/** The life as lines of at most 80 columns, or of as many as a narrower terminal has. */
export function lifeLines(life: readonly LifeLine[], styles: Styles, screen: Screen): string[] {
  const times = life.map(({ ms }) => elapsed(ms));
  const timeWidth = Math.max(...times.map((time) => time.length));
  const nodeWidth = Math.max(...life.map(({ node }) => textWidth(cleanText(node))));
  const indent = timeWidth + nodeWidth + 4;
  const columns = Math.min(WIDTH, screen.isTTY === true && screen.columns ? screen.columns : WIDTH);
  const textWidthMax = Math.max(TEXT_LEAST, columns - indent);
  return life.flatMap(({ node, event, text }, place) => {
    const shown = cleanText(node);
    const blanks = ' '.repeat(nodeWidth - textWidth(shown));
    const head = `${times[place]!.padStart(timeWidth)}  ${styles.bold(shown)}${blanks}  `;
    const style = ALARMING.has(event) ? styles.yellow : (plain: string) => plain;
    const [first = '', ...rest] = wrapped(cleanText(text), textWidthMax);
    return [head + style(first), ...rest.map((line) => ' '.repeat(indent) + style(line))];
  });
}

/** Events that explain why something took long. */
const ALARMING: ReadonlySet<string> = new Set([
  'fault',
  'refused',
  'unanswered',
  'resent',
  'persist-failed',
  'timed-out',
  'waiting',
  'dropped',
]);

/** What stands in the log there, in a few words. */
export function headline(index: number, entry: LogEntry | null): string {
  if (entry === null) return `operation ${index}: not in the log of the node that was asked`;
  const { epoch } = entry;
  return cleanText(`operation ${index}: ${describe(entry)}, epoch ${epoch}`);
}

function describe(entry: LogEntry): string {
  if (entry.op === 'append') return `append ${shortened(entry.message)}`;
  if (entry.op === 'remove') return `remove ${shortened(entry.key)}`;
  return `put ${shortened(entry.key)} = ${shortened(entry.value)}`;
}

function shortened(text: string): string {
  const short = text.length <= TEXT_SHOWN ? text : `${text.slice(0, TEXT_SHOWN - 1)}…`;
  return JSON.stringify(short);
}

function elapsed(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s `;
}
