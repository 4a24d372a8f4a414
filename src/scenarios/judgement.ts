// The last word on a scenario: what its recorded history proves, whatever its prose says. The
// judges are those of the simulator and of chaos (src/check).

import type { HistoryRecord } from '../check/history/history.ts';
import { judge, NOTHING_ACKNOWLEDGED } from '../check/judge.ts';
import type { Counts } from '../check/verdict.ts';

/** What was found. */
export interface Judgement {
  /** What was proved, a sentence each. */
  readonly proved: readonly string[];
  /** The first thing that is wrong; null: nothing is. */
  readonly wrong: { readonly expected: string; readonly seen: string } | null;
}

/** Judges the whole history of a scenario. `isNamed`: it says of every write what is to come of it,
 * so that one in which nothing is acknowledged shows what it was written for. */
export type Judge = (records: readonly HistoryRecord[], isNamed: boolean) => Judgement;

export const judgeHistory: Judge = (records, isNamed) => {
  const { violations, reasons, counts } = judge(records);
  const [first] = violations;
  if (first !== undefined) {
    return { proved: [], wrong: { expected: `"${first.judge}"`, seen: first.sentence } };
  }
  const missing = reasons.filter((reason) => !isNamed || reason !== NOTHING_ACKNOWLEDGED);
  if (missing.length > 0) {
    const expected = missing.includes(NOTHING_ACKNOWLEDGED)
      ? 'a history that can be judged (`expect` says of a write that it is to be refused)'
      : 'a history that can be judged';
    return { proved: [], wrong: { expected, seen: missing.join('; ') } };
  }
  const { reads, gets } = counts;
  return {
    wrong: null,
    proved: [
      presence(counts),
      `all logs are equal; in ${counted(reads + gets, 'read')} none ever went back`,
    ],
  };
};

function presence({ acknowledged, duplicates, refused, unknown }: Readonly<Counts>): string {
  const others = [
    ...(duplicates > 0 ? [`${duplicates} repeated`] : []),
    ...(unknown > 0 ? [`${unknown} left open`] : []),
    ...(refused > 0 ? [`${refused} refused, of which nothing is in a log`] : []),
  ];
  const rest = others.join(', ');
  if (acknowledged === 0) {
    return `no write was acknowledged, and none was to be${rest === '' ? '' : `: ${rest}`}`;
  }
  const writes = counted(acknowledged, 'acknowledged write');
  const besides = rest === '' ? '' : ` (besides: ${rest})`;
  return `${writes} ${acknowledged === 1 ? 'is there, once' : 'are there, each once'}${besides}`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
