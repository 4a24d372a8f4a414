// Where long pieces of work wait for each other that nobody can divide: the JSON of a batch, the
// story of an operation. The rule: one of them is done in a turn of the event loop, or as many
// small ones as come to that, and a few turns without any follow. So heartbeats are sent and
// answered, and connections taken in between, however many clients ask for such work at once.

/** What is done in one turn, by weight; one piece may weigh more. As bytes of JSON: some twenty
 * thousand short messages. */
export const TURN_WEIGHT: number = 512 << 10;

/** Turns of the event loop between two of those that are full of such work. Node takes in one
 * connection in each, and reads from it in the next: whoever comes anew waits for few pieces. */
const REST_TURNS = 4;

interface Piece {
  readonly weight: number;
  readonly work: () => void;
}

/** Invariant: work is begun in the order in which it came. */
export class LongWork {
  private waiting: Piece[] = [];
  private called = false;

  /** Does `work` when its turn comes: not before the next one of the event loop. */
  add(weight: number, work: () => void): void {
    this.waiting.push({ weight, work });
    this.callNext();
  }

  /** Resolves when this much work may be done. */
  turn(weight: number): Promise<void> {
    return new Promise((resolve) => this.add(weight, resolve));
  }

  private callNext(): void {
    if (this.called || this.waiting.length === 0) return;
    this.called = true;
    setImmediate(() => {
      const next = this.waiting.splice(0, this.fitting());
      const weight = next.reduce((sum, piece) => sum + piece.weight, 0);
      const full = this.waiting.length > 0 || weight >= TURN_WEIGHT;
      this.rest(full ? REST_TURNS : 1);
      for (const { work } of next) work();
    });
  }

  private rest(turns: number): void {
    setImmediate(() => {
      if (turns > 1) {
        this.rest(turns - 1);
        return;
      }
      this.called = false;
      this.callNext();
    });
  }

  /** How many of those that wait are done in one turn. */
  private fitting(): number {
    let weight = 0;
    const end = this.waiting.findIndex((piece) => {
      weight += piece.weight;
      return weight > TURN_WEIGHT;
    });
    return end === -1 ? this.waiting.length : Math.max(end, 1);
  }
}
