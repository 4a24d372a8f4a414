// Which judges object to a history.

import type { HistoryRecord } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import type { JudgeName } from '../../src/check/verdict.ts';

/** Who objects to these records, once for each violation. */
export const judgesOf = (records: readonly HistoryRecord[]): JudgeName[] =>
  judge(records).violations.map(({ judge: by }) => by);
