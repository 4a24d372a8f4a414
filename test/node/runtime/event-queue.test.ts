import { describe, expect, test } from 'vitest';
import type { Effect, Event } from '../../../src/core/effects.ts';
import { callId } from '../../../src/core/ids.ts';
import { InvariantViolated } from '../../../src/core/invariant.ts';
import {
  EventQueue,
  type Machine,
  type QueueClock,
} from '../../../src/node/runtime/event-queue.ts';

/** Time that passes only when the test says so. */
class StoppedClock implements QueueClock {
  time = 0;
  readonly timers: { at: number; run: () => void }[] = [];
  private pending: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.time + delayMs, run };
    this.timers.push(timer);
    return () => {
      const place = this.timers.indexOf(timer);
      if (place !== -1) this.timers.splice(place, 1);
    };
  }

  soon(run: () => void): void {
    this.pending.push(run);
  }

  /** How much waits for the next turn of the event loop. */
  get waiting(): number {
    return this.pending.length;
  }

  /** One turn of the event loop. */
  turn(): void {
    const now = this.pending;
    this.pending = [];
    for (const run of now) run();
  }

  pass(ms: number): void {
    this.time += ms;
    for (const timer of this.timers.splice(0)) {
      if (timer.at <= this.time) timer.run();
      else this.timers.push(timer);
    }
  }
}

class Recorder implements Machine {
  readonly seen: string[] = [];
  wakeAt = Number.POSITIVE_INFINITY;
  onWake: () => void = () => {
    this.wakeAt = Number.POSITIVE_INFINITY;
  };

  step(event: Event): Effect[] {
    this.seen.push(event.type);
    if (event.type === 'Wake') this.onWake();
    if (event.type === 'Stop') throw new Error('broken on purpose');
    return [];
  }

  deadline(): number {
    return this.wakeAt;
  }
}

function setUp() {
  const clock = new StoppedClock();
  const machine = new Recorder();
  const broken: unknown[] = [];
  const turned = () => {};
  const queue = new EventQueue(
    machine,
    () => {},
    turned,
    (error) => broken.push(error),
    clock,
  );
  return { clock, machine, broken, queue };
}

describe('event queue', () => {
  test('that is closed keeps nothing of what comes', () => {
    const { clock, machine, queue } = setUp();
    queue.close();
    queue.post({ type: 'Start' });
    expect(clock.waiting).toBe(0);
    expect(machine.seen).toEqual([]);
  });

  test('events of one turn are stepped together, and the machine is woken once after them', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = Number.NEGATIVE_INFINITY;
    queue.post({ type: 'Start' });
    queue.post({ type: 'Persisted', id: 1 });
    expect(machine.seen).toEqual([]);
    clock.turn();
    expect(machine.seen).toEqual(['Start', 'Persisted', 'Wake']);
    // Its deadline has passed, and been met.
    expect(clock.waiting).toBe(0);
  });

  test('a deadline arms one timer, and an earlier one replaces it', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = 500;
    queue.post({ type: 'Start' });
    clock.turn();
    machine.wakeAt = 100;
    queue.post({ type: 'Persisted', id: 1 });
    clock.turn();
    expect(clock.timers.map((timer) => timer.at)).toEqual([100]);
    clock.pass(100);
    clock.turn();
    expect(machine.seen).toEqual(['Start', 'Persisted', 'Wake']);
    expect(clock.timers).toEqual([]);
  });

  test('what waits in the sockets when the timer rings comes before the machine is woken', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = 100;
    queue.post({ type: 'Start' });
    clock.turn();
    clock.pass(100);
    // A turn of the event loop calls timers, reads from sockets, and does then what comes soon.
    queue.post({ type: 'Unanswered', call: callId(1), error: 'refused' });
    clock.turn();
    expect(machine.seen).toEqual(['Start', 'Unanswered', 'Wake']);
    machine.wakeAt = 200;
    queue.post({ type: 'Persisted', id: 1 });
    clock.turn();
    clock.pass(100);
    clock.turn();
    expect(machine.seen.slice(3)).toEqual(['Persisted', 'Wake']);
  });

  test('a crowd that is read after the timer has rung does not keep the machine waiting', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = 100;
    queue.post({ type: 'Start' });
    clock.turn();
    clock.pass(100);
    for (let id = 0; id < 100; id += 1) queue.post({ type: 'Remembered', id });
    expect(machine.seen.indexOf('Wake')).toBe(33);
    clock.turn();
    expect(machine.seen).toHaveLength(102);
  });

  test('a deadline that is no number breaks the machine, which would never be woken again', () => {
    const { clock, machine, broken, queue } = setUp();
    machine.wakeAt = Number.NaN;
    queue.post({ type: 'Start' });
    clock.turn();
    expect(broken).toEqual([expect.any(InvariantViolated)]);
  });

  test('a crowd that is being read does not keep the machine from being woken in time', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = 100;
    queue.post({ type: 'Start' });
    clock.turn();
    for (let id = 0; id < 1_000; id += 1) {
      if (id === 500) clock.time = 100;
      queue.post({ type: 'Remembered', id });
      if (id < 500) expect(machine.seen).not.toContain('Wake');
    }
    const wokenAfter = machine.seen.indexOf('Wake') - 1;
    expect(wokenAfter).toBeGreaterThanOrEqual(500);
    expect(wokenAfter).toBeLessThan(550);
    expect(machine.seen).toHaveLength(wokenAfter + 2);
    clock.turn();
    expect(machine.seen).toHaveLength(1_002);
    expect(clock.timers).toEqual([]);
  });

  test('what comes of an event does not wake the machine in the middle of a step', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = 100;
    queue.post({ type: 'Start' });
    clock.turn();
    machine.onWake = () => {
      for (let id = 0; id < 100; id += 1) queue.post({ type: 'Remembered', id });
      machine.wakeAt = Number.POSITIVE_INFINITY;
    };
    clock.time = 100;
    queue.post({ type: 'Persisted', id: 1 });
    clock.turn();
    expect(machine.seen).toEqual(['Start', 'Persisted', 'Wake']);
    clock.turn();
    expect(machine.seen).toHaveLength(103);
  });

  test('a machine that stays due lets other events in between its turns', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = Number.NEGATIVE_INFINITY;
    machine.onWake = () => {};
    queue.post({ type: 'Start' });
    clock.turn();
    queue.post({ type: 'Persisted', id: 1 });
    clock.turn();
    expect(machine.seen).toEqual(['Start', 'Wake', 'Persisted', 'Wake']);
  });

  test('a deadline beyond what setTimeout can hold does not fire at once (B52)', () => {
    const { clock, machine, queue } = setUp();
    machine.wakeAt = 3e9;
    queue.post({ type: 'Start' });
    clock.turn();
    expect(clock.timers.map((timer) => timer.at)).toEqual([2 ** 31 - 1]);
    clock.pass(2 ** 31 - 1);
    clock.turn();
    expect(machine.seen).toEqual(['Start']);
    expect(clock.timers).toHaveLength(1);
  });

  test('a machine that has thrown is reported once and never called again', () => {
    const { clock, machine, broken, queue } = setUp();
    queue.post({ type: 'Stop' });
    clock.turn();
    queue.post({ type: 'Start' });
    clock.turn();
    expect(broken).toHaveLength(1);
    expect(machine.seen).toEqual(['Stop']);
    expect(clock.timers).toEqual([]);
  });
});
