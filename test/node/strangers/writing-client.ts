// A client that writes to a master of ours whose secondaries lie: what it is told is held against
// what those have acknowledged, and against the log in the end.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { ForeignSecondary } from './foreign-secondary.ts';
import type { HeldUp } from './held-up.ts';
import { PostLine } from './lines.ts';

/** What became of a write: the index that was named, or that nothing was appended. */
type Outcome = number | 'refused' | 'open';

interface Written {
  readonly message: string;
  readonly outcome: Outcome;
}

interface Entry {
  readonly index: number;
  readonly message: string;
}

interface Answer {
  readonly index: number;
  readonly acks: readonly string[];
}

/** An answer is due at its time limit. Far more, on a quiet machine, than it takes after that. */
const ALLOWANCE_MS = 3_000;

export class WritingClient {
  readonly wrong: string[] = [];
  readonly statuses: Record<string, number> = {};
  private readonly url: string;
  private readonly chance: Chance;
  private readonly heldUp: HeldUp;
  private readonly others: readonly ForeignSecondary[];
  private readonly written: Written[] = [];
  private count = 0;

  constructor(url: string, chance: Chance, heldUp: HeldUp, others: readonly ForeignSecondary[]) {
    this.url = url;
    this.chance = chance;
    this.heldUp = heldUp;
    this.others = others;
  }

  /** Some writes at once, or in two waves, with any write concern and little patience. */
  async crowd(): Promise<void> {
    const { chance } = this;
    const waves = [0, chance.below(30)];
    const writes = Array.from({ length: 1 + chance.below(6) }, async () => {
      const w = chance.one([1, 1, 1, 2, 2, 3, 'majority', 'all'] as const);
      const timeoutMs = chance.one([100, 300, 800]);
      await sleep(chance.one(waves));
      await this.write(w, timeoutMs);
    });
    await Promise.all(writes);
  }

  /** Resolves with the status; 0: there was no answer. */
  async write(w: number | 'majority' | 'all', timeoutMs: number): Promise<number> {
    this.count += 1;
    const message = `m${this.count}`;
    const line = new PostLine(this.url);
    const tookMs = this.heldUp.stopwatch();
    const body = JSON.stringify({ message, w, timeoutMs });
    const heard = await line
      .ask('/messages', body)
      .catch((error) => ({ status: 0, body: { error: String(error) } }))
      .finally(() => line.close());
    const ms = tookMs();
    const { status } = heard;
    const answer = heard.body as Partial<Answer>;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (ms > timeoutMs + ALLOWANCE_MS || !this.isTrue(status, answer, w)) {
      const said = `${status} ${JSON.stringify(heard.body)}`;
      this.wrong.push(`${message}, w ${w}, ${timeoutMs} ms: after ${ms.toFixed()} ms ${said}`);
    }
    this.written.push({ message, outcome: outcomeOf(status, answer) });
    return status;
  }

  /** Whoever is named has said that it has it, and they are enough. */
  private isTrue(
    status: number,
    { index, acks }: Partial<Answer>,
    w: number | 'majority' | 'all',
  ): boolean {
    if (status === 503) return true;
    if (![201, 504].includes(status) || index === undefined || acks === undefined) return false;
    const enough = typeof w === 'number' ? w : 1;
    if (status === 201 && (acks.length < enough || !acks.includes('n1'))) return false;
    const others = acks.filter((node) => node !== 'n1');
    const claim = (node: string): boolean =>
      this.others.find((other) => other.node === node)?.seen.claimed(index) === true;
    return new Set(acks).size === acks.length && others.every(claim);
  }

  /** What is wrong with the log that the master shows in the end. */
  judge(entries: readonly Entry[]): void {
    const places = new Map(entries.map(({ message, index }) => [message, index]));
    if (places.size !== entries.length) this.wrong.push('something is in the log twice');
    for (const { message, outcome } of this.written) {
      const place = places.get(message);
      const right = outcome === 'refused' ? undefined : outcome;
      if (outcome !== 'open' && place !== right) {
        this.wrong.push(`${message} is at ${place}, and was told ${outcome}`);
      }
    }
  }
}

/** With an index that of a 503 is open: it is in the log of a master that was replaced. */
function outcomeOf(status: number, { index }: Partial<Answer>): Outcome {
  if (status === 201 || status === 504) return index ?? 'open';
  return status === 503 && index === undefined ? 'refused' : 'open';
}
