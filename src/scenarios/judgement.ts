// The last word on a scenario: what its recorded history proves, whatever its prose says. The
// judges are those of the simulator and of chaos (src/check).

import type { HistoryRecord } from '../check/history.ts';
import { judge } from '../check/judge.ts';

/** What was found. */
export interface Judgement {
  /** What was proved, a sentence each. */
  readonly proved: readonly string[];
  /** The first thing that is wrong; null: nothing is. */
  readonly wrong: { readonly expected: string; readonly seen: string } | null;
}

/** Judges the whole history of a scenario. */
export type Judge = (records: readonly HistoryRecord[]) => Judgement;

export const judgeHistory: Judge = (records) => {
  const { verdict, violations, reasons, counts } = judge(records);
  const [first] = violations;
  if (first !== undefined) {
    return { proved: [], wrong: { expected: `"${first.judge}"`, seen: first.sentence } };
  }
  if (verdict !== 'OK') {
    const expected = 'a history that can be judged';
    return { proved: [], wrong: { expected, seen: reasons.join('; ') } };
  }
  const { acknowledged, duplicates, unknown, refused, reads, gets } = counts;
  const others = [
    ...(duplicates > 0 ? [`${duplicates} repeated`] : []),
    ...(unknown > 0 ? [`${unknown} left open`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  const besides = others.length === 0 ? '' : ` (besides: ${others.join(', ')})`;
  return {
    wrong: null,
    proved: [
      `${presence(acknowledged)}${besides}`,
      `all logs are equal; in ${counted(reads + gets, 'read')} none ever went back`,
    ],
  };
};

function presence(acknowledged: number): string {
  const writes = counted(acknowledged, 'acknowledged write');
  return acknowledged === 1 ? `${writes} is there, once` : `${writes} are there, each once`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
