// A row of the table: what was measured, beside what it was to be.

export interface Row {
  readonly work: string;
  /** As it is shown, with its unit. */
  readonly value: string;
  readonly goal: string;
  readonly met: boolean;
}

export interface Expectation {
  readonly work: string;
  readonly goal: number;
  readonly better: 'more' | 'less';
  /** Behind the value and the goal; without one they are ratios. */
  readonly unit?: string;
}

/** The row of one measurement. */
export function rowOf({ work, goal, better, unit }: Expectation, value: number): Row {
  const behind = unit === undefined ? '' : ` ${unit}`;
  return {
    work,
    value: `${value.toFixed(2)}${behind}`,
    goal: `${better === 'more' ? '≥' : '≤'} ${goal}${behind}`,
    met: better === 'more' ? value >= goal : value <= goal,
  };
}

/** The middle one of the rounds; of an even number, the lower of the two. At least one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}
