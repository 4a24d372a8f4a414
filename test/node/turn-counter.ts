// Counts turns of the event loop: how much a thing does in one of them is a question that a slow
// machine answers like a fast one.

/** Counts until `stop`. */
export class TurnCounter {
  count = 0;
  private immediate: NodeJS.Immediate;

  constructor() {
    const next = (): void => {
      this.count += 1;
      this.immediate = setImmediate(next);
    };
    this.immediate = setImmediate(next);
  }

  stop(): void {
    clearImmediate(this.immediate);
  }
}

/** How often each turn occurs in `turns`: the most of them. */
export function mostInOne(turns: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const turn of turns) counts.set(turn, (counts.get(turn) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
