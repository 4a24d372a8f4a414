// One process of the virtual cluster: the machine it runs, and what of it survives a crash.

import { BLANK_MEMORY, type Effect, type Event, type Memory } from '../../src/core/effects.ts';
import { type LogIndex, logIndex } from '../../src/core/ids.ts';
import { Folds } from '../../src/core/log/ledger.ts';
import type { Entry } from '../../src/core/operation.ts';
import type { Options } from '../../src/core/options.ts';
import type { Replica } from '../../src/core/replica.ts';
import { VirtualLog } from './virtual-log.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Machine {
  step(event: Event, now: number): Effect[];
  deadline(): number;
}

/** How the host's disk behaves. */
export interface VirtualDisk {
  /** Persists are not answered while this holds. */
  stuck: boolean;
  /** The same for bookkeeping. */
  bookkeepingStuck: boolean;
  /** What the next Persist meets: nothing, an error, a full disk, or silence. */
  trouble: () => 'none' | 'error' | 'full' | 'silence';
  delayMs: () => number;
}

/** A machine that wants to be woken this often without time passing is in a loop. */
const WAKES_MAX = 1_000;

export class VirtualHost {
  readonly id: string;
  machine: Machine | null = null;
  replica: Replica | null = null;
  log = new VirtualLog();
  memory: Memory = BLANK_MEMORY;
  folds: Folds;
  life = 0;
  /** Events that its machines were given: in between nothing here changes. */
  steps = 0;
  paused = false;
  readonly disk: VirtualDisk = {
    stuck: false,
    bookkeepingStuck: false,
    trouble: () => 'none',
    delayMs: () => 1,
  };
  /** Goes around every event that its machine is given: a test may look at what that came to, or
   * end the process before or after it. */
  around: (event: Event, step: () => void) => void = (_, step) => step();
  /** The latest bookkeeping that was asked for. */
  asked: Memory = BLANK_MEMORY;
  /** What to tell the peers whose requests this process holds, should it end. */
  readonly open = new Set<() => void>();
  /** What damage left readable, from `from` on, of the log as it was. */
  private left: { readonly log: VirtualLog; readonly from: number } | null = null;
  private inbox: Event[] = [];
  private armedAt = Number.POSITIVE_INFINITY;
  private wakes = 0;
  private wokenAt = Number.NEGATIVE_INFINITY;
  private readonly time: VirtualTime;
  private readonly perform: (host: VirtualHost, effect: Effect) => void;

  constructor(
    id: string,
    options: Options,
    time: VirtualTime,
    perform: (host: VirtualHost, effect: Effect) => void,
  ) {
    this.id = id;
    this.folds = new Folds(options);
    this.time = time;
    this.perform = perform;
  }

  /** Begins a new life with this machine. */
  run(machine: Machine): void {
    this.machine = machine;
    this.paused = false;
    this.give({ type: 'Start' });
  }

  /** The process is gone at once. */
  end(): void {
    this.machine = null;
    this.replica = null;
    this.life += 1;
    this.inbox = [];
    this.armedAt = Number.POSITIVE_INFINITY;
    for (const broken of [...this.open]) broken();
    this.open.clear();
  }

  /** Damage on the disk of a node that is down, as its next start finds it: the log ends after
   * `after`, and only what stood from `readable` on can still be read. */
  damage(after: number, readable: number = Number.POSITIVE_INFINITY, open = false): void {
    this.log.crash();
    const { epoch, acceptedEpoch, lost } = this.memory;
    const upTo = logIndex(Math.max(this.log.lastIndex, lost?.upTo ?? 0));
    const isOpen = open || lost?.open === true;
    const known = [readable, ...(open ? [] : [this.log.lastIndex])];
    const points = known
      .filter((index) => index <= this.log.lastIndex)
      .map((index) => ({ index: logIndex(index), hash: this.log.hashAt(index) }));
    this.memory = { ...this.memory, lost: { epoch: acceptedEpoch, upTo, open: isOpen, points } };
    if (epoch === 0) throw new Error(`${this.id} has held nothing that could be damaged`);
    this.left = { log: this.log, from: readable };
    this.log = this.log.prefix(after);
  }

  /** The entries that were left behind and go on where the log now ends. */
  leftBehind(): Entry[] {
    const next = this.log.lastIndex + 1;
    if (this.left === null || next < this.left.from) return [];
    const { log } = this.left;
    if (log.hashAt(next - 1) !== this.log.hash) return [];
    return log.read(logIndex(next), log.lastIndex);
  }

  /** Gives an event to the machine, once it is not paused. */
  give(event: Event): void {
    if (this.machine === null) return;
    if (this.paused) this.inbox.push(event);
    else this.step(event);
  }

  pause(): void {
    this.paused = true;
  }

  /** The timers of a process that stood still are first, the messages that waited come after. */
  resume(): void {
    this.paused = false;
    this.armedAt = Number.POSITIVE_INFINITY;
    this.wake();
    const waiting = this.inbox;
    this.inbox = [];
    for (const event of waiting) this.step(event);
  }

  persist(id: number, upTo: LogIndex): void {
    const trouble = this.disk.trouble();
    if (this.disk.stuck || trouble === 'silence') return;
    this.after(this.disk.delayMs(), () => {
      if (this.disk.stuck) return;
      if (trouble === 'none') {
        this.log.persist(upTo);
        this.give({ type: 'Persisted', id });
      } else {
        const full = trouble === 'full';
        this.give({ type: 'PersistFailed', id, error: full ? 'no space' : 'I/O error', full });
      }
    });
  }

  remember(id: number, memory: Memory): void {
    this.asked = memory;
    this.after(1, () => {
      // The host asks a disk that answers nothing again and again.
      if (this.disk.bookkeepingStuck) {
        this.remember(id, memory);
        return;
      }
      this.memory = memory;
      this.give({ type: 'Remembered', id });
    });
  }

  /** Takes away what is superseded, as far as the machine allows it; returns what that was. */
  compact(): Entry[] {
    // The last entry stays, as the last record of each file does.
    const upTo = Math.min(this.replica?.compactTo ?? 0, this.log.lastIndex - 1);
    const passed = this.log.entries.filter(({ index }) => index <= upTo);
    const last = new Map(passed.map((entry) => [entry.op === 'append' ? null : entry.key, entry]));
    const gone = passed.filter((entry) => {
      if (entry.op === 'append') return false;
      const newest = this.folds.store.newest(entry.key);
      if (newest === entry.index) return false;
      return newest !== null || entry.op === 'put' || last.get(entry.key) !== entry;
    });
    this.log.compact(...gone.map(({ index }) => index));
    return gone;
  }

  private after(ms: number, run: () => void): void {
    const { life } = this;
    this.time.plan(this.time.now + ms, () => {
      if (this.life === life) run();
    });
  }

  private step(event: Event): void {
    this.around(event, () => {
      if (this.machine === null) return;
      this.steps += 1;
      for (const effect of this.machine.step(event, this.time.now)) this.perform(this, effect);
      this.arm();
    });
  }

  private wake(): void {
    if (this.machine === null || this.paused) return;
    if (this.machine.deadline() > this.time.now) {
      this.arm();
      return;
    }
    this.wakes = this.wokenAt === this.time.now ? this.wakes + 1 : 0;
    this.wokenAt = this.time.now;
    if (this.wakes > WAKES_MAX) throw new Error(`${this.id} wants to be woken again and again`);
    this.step({ type: 'Wake' });
  }

  private arm(): void {
    if (this.machine === null || this.paused) return;
    const at = Math.max(this.machine.deadline(), this.time.now);
    if (at >= this.armedAt) return;
    this.armedAt = at;
    this.after(at - this.time.now, () => {
      if (this.armedAt !== at) return;
      this.armedAt = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }
}
