// Damage that this process found in its log when it started, and whether it has again what that
// took: what `GET /health` tells of it. The rule: what an earlier process found, and had mended, is
// not told again.

import type { Note } from '../core/effects.ts';
import type { Clock } from './clock.ts';

export interface DamageReport {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  /** The log was whole up to here. */
  readonly after: number;
  /** It had gone on to here, at least. */
  readonly upTo: number;
  /** ISO 8601. */
  readonly foundAt: string;
  /** Since when it has again what was lost; null: it has not yet. */
  readonly mendedAt: string | null;
}

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
