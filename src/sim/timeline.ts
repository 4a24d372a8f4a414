// Virtual time: a list of things to do, each at its moment; moments pass as fast as they are done.
// The rule: what is planned for the same moment happens in the order in which it was planned, and
// what promises do in consequence of it is done before the next thing, in a fixed order too.

import { invariant } from '../core/invariant.ts';

/** Something planned; it can be taken back. */
export interface Planned {
  readonly at: number;
  readonly order: number;
  /** null: it was taken back. */
  run: (() => void) | null;
}

/** More than this at one moment of virtual time: somebody runs in circles. */
const AT_ONCE_MAX = 50_000;

export class Timeline {
  now = 0;
  /** Steps of machines, messages that arrived, calls to disks. */
  events = 0;
  /** Fingerprint of everything that was done, and when. */
  hash = 0x811c9dc5;
  private heap: Planned[] = [];
  private lastOrder = 0;
  private stirred = false;
  private atOnce = 0;

  /** Does something `delayMs` (≥ 0) from now. */
  after(delayMs: number, run: () => void): Planned {
    this.lastOrder += 1;
    const planned = { at: this.now + delayMs, order: this.lastOrder, run };
    this.push(planned);
    return planned;
  }

  /** Promises have been settled or may be: what waits for them goes on before the next event. */
  stir(): void {
    this.stirred = true;
  }

  /** Counts an event, and mixes it into the fingerprint. */
  happened(what: number): void {
    this.events += 1;
    this.hash = Math.imul(this.hash ^ (this.now * 1_024 + what), 0x01000193) >>> 0;
  }

  /** Lets time pass up to `end`, or until `done` says so. */
  async run(end: number, done: () => boolean = () => false): Promise<void> {
    await this.settle();
    while (!done()) {
      const next = this.heap[0];
      if (next === undefined || next.at > end) break;
      this.pop();
      if (next.run === null) continue;
      this.advance(next.at);
      next.run();
      if (this.stirred) await this.settle();
    }
    if (!done()) this.now = Math.max(this.now, end);
  }

  private advance(at: number): void {
    this.atOnce = at === this.now ? this.atOnce + 1 : 0;
    invariant(this.atOnce < AT_ONCE_MAX, 'virtual time goes on');
    this.now = at;
  }

  /** A tick comes when no promise has anything left to do, and before anything of the outside. */
  private settle(): Promise<void> {
    this.stirred = false;
    return new Promise(resolvedByTick);
  }

  private push(planned: Planned): void {
    const { heap } = this;
    let i = heap.length;
    heap.push(planned);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(planned, heap[up]!)) break;
      heap[i] = heap[up]!;
      i = up;
    }
    heap[i] = planned;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

function resolvedByTick(resolve: () => void): void {
  process.nextTick(resolve);
}

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
