// How many are a majority. The judges count for themselves: they share no code with what they
// judge.

/** Smallest number of nodes of which any two groups share a member. `size` ≥ 1. */
export function majority(size: number): number {
  return (size - (size % 2)) / 2 + 1;
}
