// What a run of chaos found, for people: the line that is shown while it runs, the verdict, the
// figures, and the table of what was met.

import { CONCERNS, type CoverageRow } from '../../chaos/coverage.ts';
import type { ChaosReport, Progress } from '../../chaos/run.ts';
import type { JudgeName, Violation } from '../../check/verdict.ts';
import { formatDuration } from '../arguments/duration.ts';
import { EXIT } from '../exit.ts';
import { cleanText } from './clean-text.ts';
import type { Styles } from './colour.ts';
import { counted } from './counted.ts';
import { tableLines } from './table.ts';
import { cutTo, fitted, type Screen } from './text-width.ts';

/** What is promised, in the words of the guarantees, and the judges that watch over it. */
const PROMISES: readonly (readonly [string, readonly JudgeName[]])[] = [
  ['exactly once', ['exactly once', 'no ghost', 'honest refusal']],
  ['one order', ['total order', 'one master per epoch', 'no silent damage']],
  ['acknowledged and present', ['durable', 'write concern', 'converges']],
  ['reads never back', ['never back', 'linearizable']],
  ['within limits', ['bounded', 'quorum mode']],
];

/** The exit code of a run: refused if anything is wrong, unknown if nothing can be said. */
export function codeOf(report: ChaosReport, wantsCoverage: boolean): number {
  const { verdict, failures, uncovered, done } = report;
  if (verdict.verdict === 'ILLEGAL' || failures.length > 0) return EXIT.refused;
  if (verdict.verdict === 'UNKNOWN' || (wantsCoverage && uncovered > 0)) return EXIT.unknown;
  return struck(done) ? EXIT.success : EXIT.unknown;
}

/** Why the exit code is `unknown`. */
export function doubtOf({ verdict, uncovered, done }: ChaosReport): string {
  const [reason] = verdict.reasons;
  if (reason !== undefined) return reason;
  return struck(done)
    ? `${uncovered} cells of the table were not met`
    : 'nothing was done to any node';
}

const struck = (done: ChaosReport['done']): boolean =>
  Object.values(done).some((times) => times > 0);

/** Why a promise that nothing contradicts was not put to the test either; null: it was. */
function untested(promise: string, { done, verdict }: ChaosReport): string | null {
  if (!struck(done)) return 'not put to the test: nothing was done to any node';
  const repeats = verdict.counts.duplicates ?? 0;
  if (promise !== 'exactly once' || repeats > 0) return null;
  return 'not put to the test: no repeated request was answered';
}

/** One line while it runs: the verdict first, so that a narrow terminal cuts off other things. */
export function progressLine(progress: Progress, broken: ReadonlySet<JudgeName>): string {
  const { elapsedMs, counts, done, phase } = progress;
  const { acknowledged = 0, unknown = 0, refused = 0, reads = 0, gets = 0 } = counts;
  const state = broken.size === 0 ? 'all holds' : `BROKEN: ${[...broken].join(', ')}`;
  const writes = `${acknowledged} acked, ${unknown} open, ${refused} refused`;
  const what = phase === 'faults' ? '' : `${phase}, `;
  const seconds = `${Math.round(elapsedMs / 1_000)} s`;
  const looks = counted(reads + gets, 'read', 'reads');
  const kills = counted(done.kill ?? 0, 'kill', 'kills');
  return `${seconds}: ${what}${state}; ${writes}, ${looks}; ${kills}`;
}

/** Below it on a terminal: how each promise stands, in fewer words where there is no room. */
export function promisesLine(broken: ReadonlySet<JudgeName>, columns: number): string {
  const lineOf = (words: Readonly<Record<string, string>>): string =>
    PROMISES.map(([promise, judges]) => {
      const mark = judges.some((judge) => broken.has(judge)) ? '✗' : '✓';
      return `${mark} ${words[promise] ?? promise}`;
    }).join('  ');
  const line = lineOf({});
  return line.length <= columns ? line : cutTo(columns, lineOf(BRIEFLY));
}

/** Less than 60 columns for all of them. */
const BRIEFLY: Readonly<Record<string, string>> = {
  'exactly once': 'once',
  'acknowledged and present': 'present',
  'reads never back': 'never back',
  'within limits': 'limits',
};

/** The verdict, promise by promise. */
export function verdictLines(report: ChaosReport, styles: Styles): string[] {
  const { verdict, failures, convergedMs } = report;
  const broken = new Set(verdict.violations.map(({ judge }) => judge));
  const decided = verdict.verdict !== 'UNKNOWN';
  const width = Math.max(...PROMISES.map(([promise]) => promise.length));
  const lines = PROMISES.map(([promise, judges]) => {
    const isBroken = judges.some((judge) => broken.has(judge));
    const doubt = decided ? untested(promise, report) : 'not contradicted';
    const good = doubt === null ? styles.green('holds') : styles.yellow(doubt);
    return `${promise.padEnd(width)}  ${isBroken ? styles.red('BROKEN') : good}`;
  });
  const healed =
    convergedMs === null
      ? styles.red('not healed')
      : `healed: every node had everything after ${formatDuration(convergedMs)}`;
  return [
    ...lines,
    healed,
    ...verdict.reasons.map((reason) => cleanText(`cannot tell: ${reason}`)),
    ...failures.map((failure) => styles.red(cleanText(failure))),
    ...verdict.violations.map((found) => styles.red(violationLine(found))),
  ];
}

export function violationLine({ judge, sentence }: Violation): string {
  return cleanText(`${judge}: ${sentence}`);
}

/** What was done and heard, in numbers. */
export function figureLines(
  { verdict, done, elapsedMs, seed }: ChaosReport,
  stream: Screen = process.stdout,
): string[] {
  const { acknowledged, unknown, refused, duplicates, reads, gets, entries, excused } =
    verdict.counts;
  const blows = Object.entries(done).map(([what, times]) => `${what} ${times}`);
  return [
    `writes: ${acknowledged} acknowledged (${duplicates} as repeats), ${unknown} open, ${refused} refused`,
    `reads: ${reads} of the log (${entries} entries), ${gets} of keys`,
    `done: ${blows.join(', ') || 'nothing'}`,
    ...(excused > 0 ? [`acknowledged, but lost with its only holders: ${excused}`] : []),
    `seed ${seed}, ${formatDuration(elapsedMs)}`,
  ].flatMap((line) => fitted(line, stream));
}

/** Fault by role by write concern: how many writes met it. */
export function coverageLines(rows: readonly CoverageRow[], styles: Styles): string[] {
  const heading = ['FAULT', 'ROLE', ...CONCERNS.map((concern) => headingOf(concern))];
  const cells = rows.map(({ fault, role, met }) => [
    fault,
    role,
    ...CONCERNS.map((concern) => {
      const count = met[concern];
      const style = count === 0 ? styles.yellow : (text: string) => text;
      return { text: count, right: true, style };
    }),
  ]);
  return tableLines(heading, cells, styles.bold);
}

function headingOf(concern: string): string {
  return /^\d/.test(concern) ? `W=${concern}` : concern.toUpperCase();
}
