// Where long reads of the log wait for each other. The rule: of all that clients read at length, a
// few pieces are read in each turn of the event loop. So a turn has as much to do for three hundred
// readers as for four, and heartbeats, writes and short questions go between their pieces. To who
// comes anew a turn's length matters many times over: Node takes in one connection in each.
// And what has been read and not been taken yet is bounded: whoever asks for something long and
// takes nothing of it must not use up the memory.

import type { Clock } from '../clock.ts';

/** A piece of so many bytes or less is no long read: a page, or what a follower has not seen yet.
 * It takes as much as any other request. */
const SHORT_BYTES: number = 4 << 10;

/** As many as Node reads from the disk at the same time: with fewer, readers of a busy machine wait
 * for its disk in turn. */
const PIECES_MAX = 4;

/** What may lie there for all readers: five hundred of the usual pieces. In memory each is there
 * twice, as it is stored and as it is sent. The last ones to be read may come to more, each by the
 * longest message. */
const HELD_MAX: number = 128 << 20;

/** Who has taken nothing for so long holds up those who wait for room, in milliseconds. A slow
 * client takes a usual piece ten times over meanwhile. */
const STANDSTILL_MS = 10_000;

interface Limits {
  readonly heldMax: number;
  readonly standstillMs: number;
}

/** What is read: its text stands for all that it takes. */
interface Sized {
  readonly json: { readonly length: number };
}

/** What was read last for a reader, who has not asked for more yet. */
interface Held {
  readonly bytes: number;
  /** Milliseconds of the clock. */
  readonly since: number;
}

/**
 * Invariants:
 * 1. No piece waits while fewer than PIECES_MAX are being read and there is room, but for the next
 *    turn.
 * 2. `heldBytes` is the sum of what stands in `held`, which is in the order of time.
 */
export class ReadingRoom {
  private readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  private readonly limits: Limits;
  private readonly waiting: (() => void)[] = [];
  private readonly held = new Map<Reader, Held>();
  private heldBytes = 0;
  private reading = 0;
  private called = false;
  private watching = false;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'after'>, limits: Partial<Limits> = {}) {
    this.clock = clock;
    this.limits = { heldMax: HELD_MAX, standstillMs: STANDSTILL_MS, ...limits };
  }

  /** One more who reads, and is to be ended. `cut` ends what the reading is for: called if others
   * wait and this one has taken nothing for too long. */
  enter(cut: () => void): Reader {
    return new Reader(this, cut);
  }

  /** Resolves when a long piece may be read: not before the next turn of the event loop, in the
   * order of asking. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.callNext();
    });
  }

  /** What began with `turn` has ended: so much was read for this reader; null: it is gone. */
  read(reader: Reader | null, bytes: number): void {
    this.reading -= 1;
    if (reader !== null && bytes > 0) {
      this.held.set(reader, { bytes, since: this.clock.monotonicMs() });
      this.heldBytes += bytes;
    }
    this.callNext();
  }

  /** The reader holds nothing any more. */
  giveBack(reader: Reader): void {
    const held = this.held.get(reader);
    if (held === undefined) return;
    this.held.delete(reader);
    this.heldBytes -= held.bytes;
    this.callNext();
  }

  private get room(): number {
    return this.heldBytes < this.limits.heldMax ? PIECES_MAX - this.reading : 0;
  }

  private callNext(): void {
    if (this.called || this.waiting.length === 0) return;
    if (this.room === 0) {
      this.watch();
      return;
    }
    this.called = true;
    setImmediate(() => {
      this.called = false;
      const next = this.waiting.splice(0, this.room);
      this.reading += next.length;
      for (const begin of next) begin();
      this.callNext();
    });
  }

  /** Looks after the one who has held something for the longest time, when that is too long. */
  private watch(): void {
    const [oldest] = this.held.values();
    if (this.watching || oldest === undefined) return;
    this.watching = true;
    const end = oldest.since + this.limits.standstillMs;
    this.clock.after(Math.max(end - this.clock.monotonicMs(), 1), () => {
      this.watching = false;
      this.cutStanding();
      this.callNext();
    });
  }

  private cutStanding(): void {
    const before = this.clock.monotonicMs() - this.limits.standstillMs;
    for (const [reader, { since }] of this.held) {
      if (this.waiting.length === 0 || this.room > 0 || since > before) return;
      this.giveBack(reader);
      reader.cut();
    }
  }
}

/** Somebody who reads piece by piece. */
export class Reader {
  readonly cut: () => void;
  private readonly room: ReadingRoom;
  private ended = false;

  constructor(room: ReadingRoom, cut: () => void) {
    this.room = room;
    this.cut = cut;
  }

  /** Reads a piece of about so many bytes when it may. What was read before has been taken. Settles
   * as `read` does. */
  async read<Piece extends Sized | null>(
    bytes: number,
    read: () => Piece | Promise<Piece>,
  ): Promise<Piece> {
    this.took();
    if (bytes <= SHORT_BYTES) return read();
    await this.room.turn();
    let got = 0;
    try {
      const piece = await read();
      got = piece?.json.length ?? 0;
      return piece;
    } finally {
      this.room.read(this.ended ? null : this, got);
    }
  }

  /** What was read has been taken. */
  took(): void {
    this.room.giveBack(this);
  }

  end(): void {
    this.ended = true;
    this.took();
  }
}
