// Where long reads of the log wait for each other. The rule: of all that clients read at length, a
// few pieces are read in each turn of the event loop. So a turn has as much to do for three hundred
// readers as for four, and heartbeats, writes and short questions go between their pieces. To who
// comes anew a turn's length matters many times over: Node takes in one connection in each.

/** A piece of so many bytes or less is no long read: a page, or what a follower has not seen yet.
 * It takes as much as any other request. */
const SHORT_BYTES: number = 4 << 10;

/** As many as Node reads from the disk at the same time: with fewer, readers of a busy machine wait
 * for its disk in turn. */
const PIECES_MAX = 4;

/** Invariant: no piece waits while fewer than PIECES_MAX are being read, but for the next turn. */
export class ReadingRoom {
  private readonly waiting: (() => void)[] = [];
  private reading = 0;
  private called = false;

  /** Reads a piece of about so many bytes when it may: a long one not before the next turn of the
   * event loop, in the order of asking. Settles as `read` does. */
  async read<Piece>(bytes: number, read: () => Piece | Promise<Piece>): Promise<Piece> {
    if (bytes <= SHORT_BYTES) return read();
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      this.callNext();
    });
    try {
      return await read();
    } finally {
      this.reading -= 1;
      this.callNext();
    }
  }

  private callNext(): void {
    if (this.called || this.waiting.length === 0) return;
    this.called = true;
    setImmediate(() => {
      this.called = false;
      const next = this.waiting.splice(0, PIECES_MAX - this.reading);
      this.reading += next.length;
      for (const begin of next) begin();
    });
  }
}
