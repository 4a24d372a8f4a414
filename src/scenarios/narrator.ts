// Tells a scenario to people at a terminal: what happens, why, what to look at, what every log is
// now, and the verdict. Signs and words carry the meaning, colours only help.

import { type LogTable, tableLines } from './log-table.ts';
import type { Opening, Report, Running, StepBegins, Tell, Verdict } from './report.ts';

/** Colours, or none. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
}

/** What a narrator works with. */
export interface NarratorParts {
  readonly print: (text: string) => Promise<void>;
  /** Makes foreign text harmless. */
  readonly visible: (text: string) => string;
  readonly paint: Paint;
  /** Gives the reader time for a text of so many characters, or waits for a key. */
  readonly breathe: (characters: number) => Promise<void>;
  /** How many columns lines may have now. */
  readonly columns: () => number;
}

/** Columns at the right that stay empty. */
const MARGIN = 2;

/** Before everything that belongs to a step. */
const INDENT = ' '.repeat(8);

/** A narrator for one scenario after another. */
export function narrator(parts: NarratorParts): Tell {
  return async (report: Report) => {
    switch (report.type) {
      case 'opening':
        return tellOpening(report, parts);
      case 'running':
        return tellRunning(report, parts);
      case 'step':
        return tellStep(report, parts);
      case 'outcome':
        return parts.print(`${INDENT}→ ${parts.visible(report.text)}\n`);
      case 'logs':
        return tellLogs(report.table, parts);
      case 'verdict':
        return tellVerdict(report, parts);
    }
  };
}

async function tellOpening(opening: Opening, parts: NarratorParts) {
  const { print, paint, breathe } = parts;
  const wrapped = wrapperFor(parts);
  const { name, title, rule, intro } = opening;
  const text = [
    '',
    paint.bold(`${name}: ${title}`),
    ...wrapped(`Rule ${rule.guarantee}: ${rule.text}`, ''),
    '',
    ...(intro === '' ? [] : [...wrapped(intro, ''), '']),
    paint.dim('A cluster is started for it.'),
  ];
  await print(`${text.join('\n')}\n`);
  await breathe(title.length + rule.text.length + intro.length);
}

async function tellRunning({ nodes, url }: Running, { print, paint }: NarratorParts) {
  const count = `${nodes.length} node${nodes.length === 1 ? ' is' : 's are'} running`;
  const text = [
    `${count}: ${nodes.join(' ')} (${nodes[0]} is master)`,
    `look around meanwhile, elsewhere: replog health --url ${url}`,
  ];
  await print(`${text.map(paint.dim).join('\n')}\n`);
}

async function tellStep(step: StepBegins, parts: NarratorParts) {
  const { print, visible, paint, breathe } = parts;
  const wrapped = wrapperFor(parts);
  const { part, of, does, say, why, look } = step;
  const lines: string[] = [];
  if (say !== null) {
    const [first = '', ...more] = wrapped(say, INDENT);
    const place = `[${part}/${of}]`.padEnd(8);
    lines.push('', paint.bold(`${place}${first.trimStart()}`), ...more.map(paint.bold));
  }
  if (why !== null) lines.push(...wrapped(`Why: ${why}`, INDENT));
  if (look !== null) lines.push(...wrapped(`Look: ${look}`, INDENT));
  if (lines.length > 0) {
    await print(`${lines.join('\n')}\n`);
    await breathe((say ?? '').length + (why ?? '').length + (look ?? '').length);
  }
  // What can be typed looks like that; the rest is what the demo does by itself.
  const sign = does.startsWith('replog ') ? '$' : '-';
  const shown = wrapped(`${sign} ${visible(does)}`, INDENT);
  await print(`${paint.dim(shown.join('\n'))}\n`);
}

async function tellLogs(table: LogTable, { print, visible, columns }: NarratorParts) {
  const width = columns() - INDENT.length - 1;
  const lines = tableLines(table, visible, width).map((line) => `${INDENT}${line}\n`);
  await print(`\n${lines.join('')}`);
}

async function tellVerdict(verdict: Verdict, parts: NarratorParts) {
  const { print, visible, paint, breathe } = parts;
  const wrapped = wrapperFor(parts);
  const { name, rule, ms } = verdict;
  const took = `${(ms / 1_000).toFixed(1)} s`;
  if (verdict.ok) {
    const text = [
      '',
      ...(verdict.outro === '' ? [] : [...wrapped(verdict.outro, ''), '']),
      `Everything was mended, and the recorded history was judged:`,
      ...verdict.proved.flatMap((sentence) => wrapped(`- ${sentence}`, '  ')),
      paint.green(paint.bold(`PASSED  ${name}: ${rule.guarantee} held (${took})`)),
      '',
    ];
    await print(`${text.join('\n')}\n`);
    return breathe(verdict.outro.length);
  }
  const { file, line, expected, seen, troubles } = verdict;
  const text = [
    '',
    paint.red(paint.bold(`FAILED  ${name}: ${rule.guarantee} (${took})`)),
    ...wrapped(`${visible(file)}:${line}`, '  '),
    ...wrapped(`expected: ${visible(expected)}`, '  '),
    ...wrapped(`seen:     ${visible(seen)}`, '  '),
    ...troubles.flatMap((trouble) => wrapped(`besides:  ${visible(trouble)}`, '  ')),
    '',
  ];
  await print(`${text.join('\n')}\n`);
}

/** One line per demo, for CI. */
export function verdictLine(verdict: Verdict, visible: (text: string) => string): string {
  const { name, rule, ms } = verdict;
  const head = `${verdict.ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(28)} ${rule.guarantee.padEnd(4)}`;
  const took = `${(ms / 1_000).toFixed(1)} s`.padStart(7);
  if (verdict.ok) return `${head} ${took}`;
  const { file, line, expected, seen, troubles } = verdict;
  const besides = troubles.length === 0 ? '' : ` (besides: ${troubles.join('; ')})`;
  return visible(`${head} ${took}  ${file}:${line}: expected ${expected}; seen: ${seen}${besides}`);
}

type Wrap = (text: string, indent: string) => string[];

const wrapperFor = ({ columns }: NarratorParts): Wrap => {
  const width = columns() - MARGIN;
  return (text, indent) => wrap(text, indent, width);
};

/** Words in lines, each with this before it. A line break in the text begins a new line. */
function wrap(text: string, indent: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(/ +/)) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (longer.length + indent.length > width && line !== '') {
        lines.push(indent + line);
        line = word;
      } else {
        line = longer;
      }
    }
    return [...lines, indent + line];
  });
}
