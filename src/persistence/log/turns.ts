// One at a time: who changes the names of a folder's segments waits for whoever does so already.

export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all that came before has ended, however that was. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.last.then(work, work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
