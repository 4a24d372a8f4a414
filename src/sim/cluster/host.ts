// One process in virtual time: a queue of events and one timer in front of a machine, as in
// `src/node`. The rule: nothing but the queue calls the machine, a paused process does nothing, and
// what was meant for an earlier life of the process never reaches a later one.

import type { Effect, Event } from '../../core/effects.ts';
import { invariant } from '../../core/invariant.ts';
import { Bookkeeper } from '../../persistence/bookkeeping/bookkeeper.ts';
import type { Persistence } from '../../persistence/persistence.ts';
import type { Planned, Timeline } from '../timeline.ts';
import type { MemoryWatch } from '../watch/memory-watch.ts';

/** The pure machine behind the queue. */
export interface Machine {
  step(event: Event, now: number): Effect[];
  deadline(): number;
}

/** A machine that wants to be woken this often without time passing runs in circles. */
const WAKES_MAX = 1_000;

export abstract class Host {
  readonly id: string;
  /** Counts the starts of the process. */
  life = 0;
  paused = false;
  /** The machine has no power: nobody even refuses a connection. */
  dark = false;
  /** How much later than asked a timer fires, in milliseconds. */
  lateness: () => number = () => 0;
  protected readonly timeline: Timeline;
  protected machine: Machine | null = null;
  private events: Event[] = [];
  private scheduled = false;
  private armed: Planned | null = null;
  private armedAt = Number.POSITIVE_INFINITY;
  private backlog: (() => void)[] = [];
  private zero = 0;
  private wakes = 0;
  private wokenAt = -1;
  /** What to tell peers and clients whose requests this process holds, should it end. */
  private readonly connections = new Set<() => void>();

  constructor(id: string, timeline: Timeline) {
    this.id = id;
    this.timeline = timeline;
  }

  /** It runs and takes requests. */
  get up(): boolean {
    return this.machine !== null;
  }

  /** Names this life of the process. */
  get lifeName(): string {
    return `${this.id}#${this.life}`;
  }

  /** The process's own monotonic clock. */
  now(): number {
    return this.timeline.now - this.zero;
  }

  /** All events at hand are done. */
  protected turned(): void {}

  /** The process cannot go on. */
  protected abstract broken(error: unknown): void;

  protected abstract perform(effect: Effect): void;

  /** Its clock begins anew, and shows `clock` now. */
  boot(clock: number): void {
    this.dark = false;
    this.zero = this.timeline.now - clock;
  }

  protected run(machine: Machine): void {
    this.machine = machine;
    this.post({ type: 'Start' });
  }

  post(event: Event): void {
    if (this.machine === null) return;
    this.events.push(event);
    this.schedule();
  }

  /** Wraps something that happens to this life of the process: at once, or when it goes on after a
   * pause, or never. */
  inLife(act: () => void, life: number = this.life): () => void {
    return () => this.within(life, act);
  }

  /** The same, now. */
  within(life: number, act: () => void): void {
    if (this.life !== life) return;
    if (this.paused) this.backlog.push(act);
    else act();
  }

  /** Does something after so many milliseconds of this life of the process; what promises do in
   * consequence is done before the next event. */
  later(ms: number, act: () => void): Planned {
    const go = this.inLife(() => {
      act();
      this.timeline.stir();
    });
    return this.timeline.after(ms, go);
  }

  /** Notes whom to tell when the process ends; returns how to forget that. */
  connect(broken: () => void): () => void {
    this.connections.add(broken);
    return () => this.connections.delete(broken);
  }

  /** The process is gone at once. `silently`: nobody's connection is closed, as in a power cut. */
  end(silently: boolean): void {
    this.machine = null;
    this.dark = silently;
    this.life += 1;
    this.paused = false;
    this.events = [];
    this.backlog = [];
    this.scheduled = false;
    this.disarm();
    const open = [...this.connections];
    this.connections.clear();
    if (!silently) for (const broken of open) broken();
  }

  /** It takes no more events, and closes its connections; its last calls may still end. */
  protected quit(): void {
    this.machine = null;
    this.events = [];
    this.disarm();
    const open = [...this.connections];
    this.connections.clear();
    for (const broken of open) broken();
  }

  pause(): void {
    this.paused = true;
  }

  /** The timers of a process that stood still come first, then what has arrived meanwhile. */
  resume(): void {
    this.paused = false;
    if (this.armed === null && this.armedAt < Number.POSITIVE_INFINITY) {
      this.armedAt = Number.POSITIVE_INFINITY;
      this.turn();
    }
    const waiting = this.backlog;
    this.backlog = [];
    for (const act of waiting) act();
    this.timeline.stir();
    if (this.machine !== null) this.schedule();
  }

  /** Keeps the bookkeeping of this life of the process; `watch` hears what is durable. */
  protected bookkeeperOf(persistence: Persistence, watch: MemoryWatch): Bookkeeper {
    const { life } = this;
    return new Bookkeeper({
      remember: (memory) => {
        this.timeline.stir();
        return persistence.remember(memory);
      },
      after: (ms, run) => this.timeline.after(ms, this.inLife(run, life)),
      remembered: (id, memory) =>
        this.within(life, () => {
          watch.remembered(this.id, memory);
          this.post({ type: 'Remembered', id });
        }),
      unwritten: () => undefined,
      broken: (error) => this.within(life, () => this.broken(error)),
    });
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.timeline.after(
      0,
      this.inLife(() => this.turn()),
    );
  }

  private turn(): void {
    this.scheduled = false;
    if (this.machine === null) return;
    try {
      this.drain(this.machine);
      this.turned();
    } catch (error) {
      this.broken(error);
    }
  }

  private drain(machine: Machine): void {
    const { events } = this;
    this.events = [];
    for (const event of events) {
      this.step(machine, event);
      // What an effect came to may have ended the process.
      if (this.machine !== machine) return;
    }
    let deadline = machine.deadline();
    if (deadline <= this.now()) {
      this.countWake();
      this.step(machine, { type: 'Wake' });
      deadline = machine.deadline();
    }
    invariant(!Number.isNaN(deadline), 'a deadline is a moment');
    if (this.machine === machine) this.arm(deadline);
  }

  private step(machine: Machine, event: Event): void {
    this.timeline.happened(event.type.length);
    for (const effect of machine.step(event, this.now())) {
      if (this.machine === machine) this.perform(effect);
    }
  }

  private countWake(): void {
    this.wakes = this.wokenAt === this.timeline.now ? this.wakes + 1 : 0;
    this.wokenAt = this.timeline.now;
    if (this.wakes > WAKES_MAX) throw new Error('the machine wants to be woken again and again');
  }

  /** A timer that is armed too early is left alone: it finds nothing to do and is armed again. */
  private arm(deadline: number): void {
    const now = this.now();
    if (deadline <= now) {
      this.schedule();
      return;
    }
    if (deadline >= this.armedAt || deadline === Number.POSITIVE_INFINITY) return;
    this.disarm();
    this.armedAt = deadline;
    const delayMs = Math.ceil(deadline - now) + this.lateness();
    this.armed = this.timeline.after(delayMs, () => this.fire());
  }

  private fire(): void {
    this.armed = null;
    // A paused process finds the timer when it goes on.
    if (this.paused) return;
    this.armedAt = Number.POSITIVE_INFINITY;
    this.turn();
  }

  private disarm(): void {
    if (this.armed !== null) this.armed.run = null;
    this.armed = null;
    this.armedAt = Number.POSITIVE_INFINITY;
  }
}
