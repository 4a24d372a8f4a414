// One queue of events and one timer in front of a machine. Events that arrive in the same turn of
// the event loop are stepped one after the other; only then is the machine woken, so that what
// gathered goes out together. Nothing else ever calls the machine.

import type { Effect, Event } from '../../core/effects.ts';
import { invariant } from '../../core/invariant.ts';

/** The pure machine behind the queue. */
export interface Machine {
  step(event: Event, now: number): Effect[];
  deadline(): number;
}

/** Time, as the queue needs it; `now` is monotonic, in milliseconds. */
export interface QueueClock {
  now(): number;
  /** Calls back after at least `delayMs`; returns how to cancel. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls back when the events at hand have been read from their sockets. */
  soon(run: () => void): void;
}

export const realClock: QueueClock = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  soon: (run) => {
    setImmediate(run);
  },
};

/** setTimeout fires at once above 2³¹−1 ms. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/** After so many events of one turn of the event loop the timer is looked at. */
const LOOK_EVERY = 32;

/** Does what an effect asks for; `event` is what it came of, at `now`. */
export type Perform = (effect: Effect, event: Event, now: number) => void;

export class EventQueue {
  private readonly machine: Machine;
  private readonly perform: Perform;
  private readonly turned: () => void;
  private readonly broken: (error: unknown) => void;
  private readonly clock: QueueClock;
  private events: Event[] = [];
  private scheduled = false;
  private turning = false;
  private closed = false;
  private armedAt = Number.POSITIVE_INFINITY;
  private disarm: () => void = () => {};
  /** The timer has called, and what waits in the sockets is read before anything is done. */
  private rung = false;

  /**
   * `turned` is called after each turn; `broken` once, when the machine or `perform` has thrown:
   * the machine is not called again.
   */
  constructor(
    machine: Machine,
    perform: Perform,
    turned: () => void,
    broken: (error: unknown) => void,
    clock: QueueClock,
  ) {
    this.machine = machine;
    this.perform = perform;
    this.turned = turned;
    this.broken = broken;
    this.clock = clock;
  }

  post(event: Event): void {
    if (this.closed) return;
    this.events.push(event);
    this.schedule();
    // A crowd of requests is read for longer than a timer may be late.
    if (this.events.length % LOOK_EVERY === 0 && this.isLate()) this.wakeLate();
  }

  /** No event is handled any more, no timer is left. */
  close(): void {
    this.closed = true;
    this.events = [];
    this.disarm();
  }

  private isLate(): boolean {
    return !this.turning && this.clock.now() >= this.armedAt;
  }

  /** The timer itself has to wait until all that is ready has been read. */
  private wakeLate(): void {
    this.disarm();
    this.unarmed();
    this.handle();
  }

  private unarmed(): void {
    this.armedAt = Number.POSITIVE_INFINITY;
    this.rung = false;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.soon(() => this.turn());
  }

  private turn(): void {
    this.scheduled = false;
    if (this.rung) this.unarmed();
    this.handle();
  }

  private handle(): void {
    if (this.closed) return;
    this.turning = true;
    try {
      this.drain();
      this.turned();
    } catch (error) {
      this.close();
      this.broken(error);
    } finally {
      this.turning = false;
    }
  }

  private drain(): void {
    const events = this.events;
    this.events = [];
    for (const event of events) this.step(event, this.clock.now());
    const now = this.clock.now();
    let deadline = this.machine.deadline();
    if (deadline <= now) {
      this.step({ type: 'Wake' }, now);
      deadline = this.machine.deadline();
    }
    // A machine with such a one would never be woken again, and nobody would know.
    invariant(!Number.isNaN(deadline), 'a deadline is a moment');
    this.arm(deadline, now);
  }

  private step(event: Event, now: number): void {
    for (const effect of this.machine.step(event, now)) this.perform(effect, event, now);
  }

  /** A timer that is armed too early is left alone: it finds nothing to do and is armed again. */
  private arm(deadline: number, now: number): void {
    if (deadline <= now) {
      this.schedule();
      return;
    }
    if (deadline >= this.armedAt) return;
    this.disarm();
    this.rung = false;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.armedAt = deadline;
    const delayMs = Math.min(DELAY_MAX_MS, Math.ceil(deadline - now));
    // Timers come before sockets: what was there in time must not be judged to be late.
    this.disarm = this.clock.after(delayMs, () => {
      this.rung = true;
      this.schedule();
    });
  }
}
