// `replog check`: judges a recorded history, record by record, without holding it in memory.

import { createReadStream, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { Judge } from '../../check/judge.ts';
import type { Counts, Verdict } from '../../check/verdict.ts';
import { whyUnreadable } from '../arguments/input-file.ts';
import { shownPath } from '../arguments/path-problem.ts';
import { EXIT, Refused, Undecided, UsageError } from '../exit.ts';
import { LineCutter } from '../input/line-cutter.ts';
import { cleanText } from '../printing/clean-text.ts';
import { counted } from '../printing/counted.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine, printSentences } from '../printing/output.ts';

interface CheckOptions {
  readonly json?: true;
}

/** Characters shown of each record that explains a verdict. */
const SHOWN_MAX = 400;

/** What editors of Windows put before a text, and before the end of each line. */
const MARKS = /^\ufeff|\r$/g;

/** Bytes of one record: more than any request or page holds, and less than a string may. */
const LINE_MAX = 256 << 20;

const SEE_FORMAT = 'a history has one JSON object per line; docs/history.md says which';

const CODES = `Exit codes:
  ${EXIT.success}  OK: nothing in it contradicts what replog promises
  ${EXIT.refused}  ILLEGAL: something does; the records that contradict each other are shown
  ${EXIT.unknown}  UNKNOWN: the history cannot decide, as when nobody read at the end
  ${EXIT.usage}  not a history, or a line of it is not a record
`;

export function register(program: Command): void {
  program
    .command('check')
    .description('judge a recorded history: OK, ILLEGAL with what contradicts what, or UNKNOWN')
    .argument('<history>', 'a file of JSON lines, one record each; "-" is stdin')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog check history.jsonl', 'is what clients saw what replog promises?'],
        ['replog check --json - < history.jsonl', 'the same, for programs'],
      ),
    )
    .addHelpText('after', CODES)
    .action(check);
}

async function check(file: string, options: CheckOptions): Promise<void> {
  const { Judge } = await import('../../check/judge.ts');
  const judge = new Judge();
  await forEachLine(file, await recordTaker(judge, file));
  const verdict = judge.finish();
  const shown = isReadTwice(file) ? await linesAt(file, placesIn(verdict)) : new Map();
  if (options.json) await printVerdictJson(verdict, shown);
  else await printVerdict(verdict, shown);
  if (verdict.verdict === 'ILLEGAL') {
    throw new Refused(
      'the history is illegal',
      'the verdict names the records that contradict each other; docs/history.md has the rules',
    );
  }
  if (verdict.verdict === 'UNKNOWN') {
    throw new Undecided(
      `the history cannot decide: ${verdict.reasons.join('; ')}`,
      'docs/history.md says what a history needs for a verdict',
    );
  }
}

async function recordTaker(
  judge: Judge,
  file: string,
): Promise<(line: string, number: number) => void> {
  const { MalformedRecord, parseRecord } = await import('../../check/history/history-line.ts');
  const { UnsortedHistory } = await import('../../check/history/ends.ts');
  return (line, number) => {
    try {
      const record = parseRecord(line);
      if (record === null) judge.skip();
      else judge.record(record);
    } catch (error) {
      if (error instanceof UnsortedHistory) {
        throw new UsageError(
          `line ${number} of ${nameOf(file)} is out of order: ${error.message}`,
          'a history has its records in the order of their ends: sort them by "return" or "at"',
        );
      }
      if (!(error instanceof MalformedRecord)) throw error;
      throw new UsageError(
        `line ${number} of ${nameOf(file)} is no record of a history: ${error.message}`,
        SEE_FORMAT,
      );
    }
  };
}

/** Hands over each line with its number, from 1. */
async function forEachLine(file: string, take: (line: string, number: number) => void) {
  const [name, tooLong] = [nameOf(file), 'too long to be a record'];
  const cutter = new LineCutter({ name, lineMax: LINE_MAX, tooLong, tooLongHint: SEE_FORMAT });
  const input = file === '-' ? process.stdin : createReadStream(file);
  let number = 0;
  const takeAll = (lines: Iterable<string>): void => {
    for (const line of lines) {
      number += 1;
      take(line.replace(MARKS, ''), number);
    }
  };
  try {
    for await (const chunk of input) takeAll(cutter.add(chunk as Buffer));
    takeAll(cutter.rest());
  } catch (error) {
    // Only the system's errors have a code. Whatever it says of the file, that is no verdict.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UsageError(`${name} ${whyUnreadable(error)}`, 'name a file of JSON lines, or "-"');
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : shownPath(file);
}

/** What comes through a pipe comes once: who opens it again waits for ever. */
function isReadTwice(file: string): boolean {
  return file !== '-' && statSync(file).isFile();
}

/** Which records the first contradiction is made of. */
function placesIn({ violations }: Verdict): ReadonlySet<number> {
  return new Set(violations[0]?.records ?? []);
}

/** Reads the file once more for the few lines that explain the verdict. */
async function linesAt(file: string, places: ReadonlySet<number>): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  if (places.size === 0) return found;
  await forEachLine(file, (line, number) => {
    if (places.has(number)) found.set(number, line);
  });
  return found;
}

async function printVerdictJson(verdict: Verdict, shown: Map<number, string>): Promise<void> {
  const records = [...shown].map(([place, line]) => ({ place, record: JSON.parse(line) }));
  await printJson({ ...verdict, records });
}

async function printVerdict(verdict: Verdict, shown: Map<number, string>): Promise<void> {
  await printSentences([`${verdict.verdict}  ${summary(verdict.counts)}`]);
  const [first, ...others] = verdict.violations;
  if (first !== undefined) {
    await printSentences([cleanText(`${first.judge}: ${first.sentence}`)]);
    for (const [place, line] of shown) {
      const text = line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX)}…` : line;
      await printLine(cleanText(`  ${place}  ${text}`));
    }
  }
  const also = others.map(({ judge, sentence }) => cleanText(`also, ${judge}: ${sentence}`));
  await printSentences(also);
}

function summary(counts: Readonly<Counts>): string {
  const parts = [
    counted(counts.records, 'record', 'records'),
    `${counts.acknowledged} acknowledged (${counted(counts.duplicates, 'repeat', 'repeats')})`,
    `${counts.refused} refused`,
    `${counts.unknown} unknown`,
    counted(counts.reads + counts.gets, 'read', 'reads'),
  ];
  if (counts.excused > 0) parts.push(`${counts.excused} lost with all their holders`);
  return parts.join(', ');
}
