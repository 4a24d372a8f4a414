// For how long this process was held up: what a limit of time has to allow for on a machine that is
// busy with other things. Strangers and node share the process.

const EVERY_MS = 20;

export class HeldUp {
  private ms = 0;
  private last = performance.now();
  private readonly timer = setInterval(() => this.look(), EVERY_MS);

  /** Tells for how long it has run, less what the process was held up for in the meantime. */
  stopwatch(): () => number {
    this.look();
    const startedAt = performance.now();
    const before = this.ms;
    return () => {
      this.look();
      return performance.now() - startedAt - (this.ms - before);
    };
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    this.ms += Math.max(0, now - this.last - EVERY_MS);
    this.last = now;
  }
}
