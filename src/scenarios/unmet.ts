// An expectation that does not hold: which one, what was expected there, and what was seen.

/** Something expected is not so. */
export interface Unmet {
  /** Below the step, e.g. ['expect', 'acks'] or ['wait-until', 'status', 'n3']. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly seen: string;
}

/** A scenario has failed at an expectation. */
export class ScenarioFailed extends Error {
  override readonly name = 'ScenarioFailed';
  readonly line: number;
  readonly expected: string;
  readonly seen: string;
  /** What happened besides that nobody had asked for. */
  readonly troubles: readonly string[];

  constructor(line: number, unmet: Omit<Unmet, 'path'>, troubles: readonly string[]) {
    super(`expected ${unmet.expected}; seen: ${unmet.seen}`);
    this.line = line;
    this.expected = unmet.expected;
    this.seen = unmet.seen;
    this.troubles = troubles;
  }
}

/** A value for people: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return value.length === 0 ? 'none' : shortened(value.join(' '));
  }
  return shortened(typeof value === 'string' ? value : JSON.stringify(value));
}

const SHOWN_MAX = 160;

function shortened(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX - 1)}…`;
}
