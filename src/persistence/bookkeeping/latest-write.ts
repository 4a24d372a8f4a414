// Writes something small again and again, as a whole. The rule: one write is under way at a time,
// and of what comes meanwhile the latest is written, once, and stands for the rest.

import { Deferred } from '../log/deferred.ts';

interface Waiting<Value> {
  readonly value: Value;
  readonly done: Deferred<void>;
}

export class LatestWrite<Value> {
  private readonly write: (value: Value) => Promise<void>;
  private waiting: Waiting<Value> | null = null;
  private writing: Promise<void> | null = null;

  constructor(write: (value: Value) => Promise<void>) {
    this.write = write;
  }

  /** Resolves when this or something newer is written; rejects as that write does. */
  save(value: Value): Promise<void> {
    const done = this.waiting?.done ?? new Deferred<void>();
    this.waiting = { value, done };
    this.writing ??= this.run();
    return done.promise;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.writing;
  }

  private async run(): Promise<void> {
    while (this.waiting !== null) {
      const { value, done } = this.waiting;
      this.waiting = null;
      await this.write(value).then(done.resolve, done.reject);
    }
    this.writing = null;
  }
}
