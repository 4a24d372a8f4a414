// A node that asks for its role, with the answers in the hands of the test.

import { Joiner } from '../../../src/core/arbiter/joiner.ts';
import { epoch } from '../../../src/core/ids.ts';
import type { Response } from '../../../src/core/messages.ts';
import { Bench, entries, type SentCall } from '../bench.ts';

/** A joiner with its arbiter in the hands of the test. */
export class Applicant {
  readonly bench: Bench;
  readonly joiner: Joiner;
  readonly calls: (SentCall & { at: number })[] = [];
  readonly joined: unknown[] = [];
  /** What it says of its master. */
  silent: boolean | undefined;
  now = 0;

  constructor(wants: 'master' | 'secondary' | null = null, arbiters = ['arbiter']) {
    this.bench = new Bench({ self: 'n2', entries: entries(1, 3), memory: { epoch: epoch(4) } });
    const joined = (answer: unknown): void => {
      this.joined.push(answer);
    };
    const reports = (): boolean | undefined => this.silent;
    this.joiner = new Joiner(this.bench.context, arbiters, wants, { joined, reports });
  }

  run(ms: number): void {
    const end = this.now + ms;
    while (this.joiner.deadline() <= end) {
      this.now = Math.max(this.now, this.joiner.deadline());
      this.joiner.wake(this.now);
      this.look();
    }
    this.now = end;
  }

  answer(response: Response): void {
    this.bench.answer(this.calls.at(-1)!.call, response, this.now);
  }

  fail(): void {
    this.bench.fail(this.calls.at(-1)!.call, this.now);
  }

  look(): void {
    for (const call of this.bench.sent()) this.calls.push({ ...call, at: this.now });
  }
}
