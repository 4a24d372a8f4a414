// Tells who listens that the log shows something else now: more, more of it on a majority, or not
// what it showed before. Invariant: nobody is told where nothing has changed since all were told.

/** How far a log has come. */
interface Extent {
  readonly lastIndex: number;
  readonly commitIndex: number;
}

export class LogProgress {
  private readonly listeners = new Set<() => void>();
  private shown = '';
  private timesCut = 0;

  /** How often something was cut off the end. */
  get cuts(): number {
    return this.timesCut;
  }

  cut(): void {
    this.timesCut += 1;
  }

  /** Returns how to listen no more. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Called after each turn of the machine; `extent` costs something, and is asked for only if
   * somebody listens. */
  look(extent: () => Extent): void {
    if (this.listeners.size === 0) return;
    const { lastIndex, commitIndex } = extent();
    const shown = `${this.timesCut} ${lastIndex} ${commitIndex}`;
    if (shown === this.shown) return;
    this.shown = shown;
    for (const listener of this.listeners) listener();
  }
}
