// Virtual time: a list of things to do, each at its moment; moments pass as fast as they are done.

interface Planned {
  readonly at: number;
  readonly run: () => void;
}

/** Invariant: what is planned for the same moment happens in the order in which it was planned. */
export class VirtualTime {
  now = 0;
  private planned: Planned[] = [];

  plan(at: number, run: () => void): void {
    const planned = { at: Math.max(at, this.now), run };
    let low = 0;
    let high = this.planned.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.planned[middle]!.at <= planned.at) low = middle + 1;
      else high = middle;
    }
    this.planned.splice(low, 0, planned);
  }

  /** Lets time pass, and does what is planned meanwhile. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let next = this.planned[0]; next !== undefined && next.at <= end; next = this.planned[0]) {
      this.planned.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}
