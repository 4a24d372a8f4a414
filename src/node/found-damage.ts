// Damage that this process found in its log when it started, or that an earlier one did which had
// not mended it, and whether it has again what that took: what `GET /health` tells of it. The rule:
// what an earlier process found, and had mended, is not told again.

import type * as z from 'zod';
import type { Note } from '../core/effects.ts';
import type { foundDamage } from './api/success.ts';
import type { Clock } from './clock.ts';

export type DamageReport = Readonly<z.infer<typeof foundDamage>>;

export class FoundDamage {
  readonly #clock: Pick<Clock, 'iso'>;
  #report: DamageReport | null = null;

  constructor(clock: Pick<Clock, 'iso'>) {
    this.#clock = clock;
  }

  /** null: there was none. */
  get report(): DamageReport | null {
    return this.#report;
  }

  /** Hears everything that the node notes. */
  note(note: Note): void {
    if (note.event === 'damaged') {
      const { file, offset, after, upTo } = note;
      this.#report = { file, offset, after, upTo, foundAt: this.#clock.iso(), mendedAt: null };
    } else if (note.event === 'repaired' && this.#report !== null) {
      this.#report = { ...this.#report, mendedAt: this.#clock.iso() };
    }
  }
}
