// Damage that this process found in its log when it started, or that an earlier one did which had
// not mended it, and whether it has again what that took; and damage that it met while it ran,
// which only its next start mends. What `GET /health` tells of it. The rule: what an earlier
// process found, and had mended, is not told again.

import type * as z from 'zod';
import type { Note } from '../core/effects.ts';
import { logIndex } from '../core/ids.ts';
import type { DamagedLog } from '../persistence/persistence.ts';
import { segmentsAmong } from '../persistence/segment/segment-file.ts';
import type { foundDamage } from './api/success.ts';
import type { Clock } from './clock.ts';

export type DamageReport = Readonly<z.infer<typeof foundDamage>>;

export class FoundDamage {
  readonly #clock: Pick<Clock, 'iso'>;
  #atStart: DamageReport | null = null;
  #running: DamageReport | null = null;

  constructor(clock: Pick<Clock, 'iso'>) {
    this.#clock = clock;
  }

  /** null: there was none. What is to be done goes before what is being done. */
  get report(): DamageReport | null {
    return this.#running ?? this.#atStart;
  }

  /** A read met damage in the log, which goes on to `lastIndex`. The first place is told: a restart
   * finds all that is behind it. */
  met({ file, offset }: DamagedLog, lastIndex: number): void {
    const [first = 1] = segmentsAmong([file]);
    this.#running ??= {
      ...{ file, offset, after: logIndex(first - 1), upTo: logIndex(lastIndex) },
      ...{ foundAt: this.#clock.iso(), mendedAt: null, running: true },
    };
  }

  /** Hears everything that the node notes. */
  note(note: Note): void {
    if (note.event === 'damaged') {
      const { file, offset, after, upTo } = note;
      this.#atStart = { file, offset, after, upTo, foundAt: this.#clock.iso(), mendedAt: null };
    } else if (note.event === 'repaired' && this.#atStart !== null) {
      this.#atStart = { ...this.#atStart, mendedAt: this.#clock.iso() };
    }
  }
}
