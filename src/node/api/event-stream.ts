// The log as Server-Sent Events: each entry once, in order, as it comes. The rule: nothing is read
// from the log before the client has taken what came before, so a slow reader costs one chunk.

import type { LogIndex } from '../../core/ids.ts';
import { DamagedLog } from '../../persistence/persistence.ts';
import { damagedLog } from '../http/problems.ts';
import type { Site } from '../http/route.ts';
import type { Reader } from '../reading/reading-room.ts';
import { eventsOf } from './entry-texts.ts';
import { committed } from './read-level.ts';

const CHUNK_ENTRIES = 256;
const CHUNK_BYTES = 64 << 10;

const NOTHING: Buffer = Buffer.alloc(0);
const STILL_HERE: Buffer = Buffer.from(': still here\n\n');

/** What ended a wait. */
type Woken = 'progress' | 'beat' | 'end';

export interface StreamOptions {
  readonly from: LogIndex;
  readonly level: 'local' | 'majority';
  /** Ends with the stream. */
  readonly reader: Reader;
  /** Called once when the stream is over, however that came. */
  readonly onEnd: () => void;
}

/** Ends when the node stops, when the client goes, when an end of the log was dropped, which may
 * have been sent, and where the log is damaged, which a `problem` tells. A client that comes again
 * with `Last-Event-ID` misses nothing. */
export class EventStream {
  private readonly site: Site;
  private readonly level: 'local' | 'majority';
  private readonly reader: Reader;
  private readonly onEnd: () => void;
  private next: number;
  private ended = false;
  private readonly cuts: number;
  private wake: ((why: Woken) => void) | null = null;

  constructor(site: Site, options: StreamOptions) {
    this.site = site;
    this.level = options.level;
    this.next = options.from;
    this.reader = options.reader;
    this.onEnd = options.onEnd;
    this.cuts = site.engine.cuts;
  }

  /** The body of the answer. Called once. */
  body(): ReadableStream<Uint8Array> {
    let greeting: Buffer | null = Buffer.from(': the log from here on\n\n');
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      const text = greeting ?? (await this.pieceOrEnd());
      greeting = null;
      if (text === null) controller.close();
      else controller.enqueue(text);
    };
    return new ReadableStream({ pull, cancel: () => this.end() }, { highWaterMark: 0 });
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.wake?.('end');
    this.reader.end();
    this.onEnd();
  }

  /** `piece`, after which the stream is over if there is none: also where the log could not be
   * read. */
  private async pieceOrEnd(): Promise<Buffer | null> {
    let text: Buffer | null = null;
    this.reader.took();
    try {
      text = await this.piece();
    } catch (error) {
      if (!(error instanceof DamagedLog)) throw error;
      // A stream that only breaks off does not say why: who follows it would come again for ever.
      return Buffer.from(`event: problem\ndata: ${damagedLog(error).body}\n\n`);
    } finally {
      if (text === null) this.end();
    }
    return text;
  }

  /** What to send next; waits until there is something. null: the stream is over. */
  private async piece(): Promise<Buffer | null> {
    const { engine, stopping } = this.site;
    while (!this.ended && engine.cuts === this.cuts && !stopping.aborted) {
      const { lastIndex } = engine.persistence;
      const upTo = this.level === 'majority' ? committed(engine) : lastIndex;
      if (this.next <= upTo) {
        const frames = await this.frames(upTo);
        // What was read meanwhile may be of the log that came instead.
        if (frames.length > 0 && engine.cuts === this.cuts) return frames;
      } else if ((await this.news()) === 'beat') {
        return STILL_HERE;
      }
    }
    return null;
  }

  /** The next chunk as events. Empty where everything in it was compacted away. */
  private async frames(upTo: LogIndex): Promise<Buffer> {
    const { engine } = this.site;
    const { persistence } = engine;
    const from = this.next as LogIndex;
    const { to, count, bytes } = persistence.measure(from, CHUNK_ENTRIES, CHUNK_BYTES);
    const last = Math.min(to, upTo) as LogIndex;
    this.next = last + 1;
    if (count === 0) return NOTHING;
    // What the stream was about to read may have been cut off until its turn came.
    const chunk = await this.reader.read(bytes, () =>
      engine.cuts === this.cuts ? persistence.read(from, last) : null,
    );
    return chunk === null ? NOTHING : eventsOf(chunk);
  }

  /** Waits until the log moves, the pause is long enough for a comment, or the stream is over. */
  private news(): Promise<Woken> {
    const { engine, clock, stopping, streamBeatMs } = this.site;
    return new Promise((resolve) => {
      const woken = (why: Woken): void => {
        stopListening();
        stopTimer();
        stopping.removeEventListener('abort', stop);
        this.wake = null;
        resolve(why);
      };
      const stop = (): void => woken('end');
      const stopListening = engine.onProgress(() => woken('progress'));
      const stopTimer = clock.after(streamBeatMs, () => woken('beat'));
      stopping.addEventListener('abort', stop);
      this.wake = woken;
    });
  }
}
