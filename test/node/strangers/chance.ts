// What a seed decides.

import { randomFrom } from '../../../src/node/faults/random.ts';

export class Chance {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  of(p: number): boolean {
    return this.random() < p;
  }

  /** 0 … n - 1. */
  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    const taken: T[] = [];
    while (left.length > 0) taken.push(...left.splice(this.below(left.length), 1));
    return taken;
  }
}
