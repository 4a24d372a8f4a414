// One thing at a time for each name: a node is not started while it is being stopped.

export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Does the work when all earlier work under this name is over, however that ended. */
  async take<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work);
    const over = mine.then(
      () => undefined,
      // The caller hears of it through `mine`; whoever is next need not.
      () => undefined,
    );
    this.#last.set(name, over);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === over) this.#last.delete(name);
    }
  }
}
