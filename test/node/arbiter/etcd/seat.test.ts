import { describe, expect, test } from 'vitest';
import { BLANK_MEMORY, type Memory } from '../../../../src/core/effects.ts';
import { epoch } from '../../../../src/core/ids.ts';
import {
  type Ask,
  type EtcdAnswer,
  EtcdGateway,
  EtcdRefused,
  EtcdUnreachable,
} from '../../../../src/node/arbiter/etcd/gateway.ts';
import { Seat } from '../../../../src/node/arbiter/etcd/seat.ts';
import { type Term, TermOver } from '../../../../src/node/arbiter/etcd/term.ts';
import { randomFrom } from '../../../../src/node/faults/random.ts';
import { StorageFailure, UnknownFormat } from '../../../../src/persistence/persistence.ts';
import { Timeline } from '../../../../src/sim/timeline.ts';
import { FakeEtcd } from './fake-etcd.ts';

const PLACES = { seat: 'seat', memory: 'memory' };

/** What is remembered is a number. */
const memoryOf = (nth: number): Memory => ({ ...BLANK_MEMORY, epoch: epoch(nth) });
const numberIn = (memory: Memory | null): number => memory?.epoch ?? 0;

/** Two arbiters in virtual time, over a network that loses and delays. Each may stand still. */
class Pair {
  readonly timeline = new Timeline();
  readonly etcd = new FakeEtcd(() => this.timeline.now);
  readonly random: () => number;
  /** Nobody is answered, and nothing takes effect. */
  away = false;
  /** Nothing goes wrong from then on. */
  calmFrom = Number.POSITIVE_INFINITY;
  /** What was remembered, and in whose term: the place of that in the order of terms. */
  readonly terms = new Map<number, number>();
  /** What each term began with. One that has been followed before it has written may have missed
   * something: it writes nothing. */
  readonly began: number[] = [];
  readonly acknowledged: { readonly nth: number; readonly at: number }[] = [];
  /** Who has said that etcd gives no answer. */
  readonly troubles: string[] = [];
  private last = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  get calm(): boolean {
    return this.timeline.now >= this.calmFrom;
  }

  /** What stands in etcd, the oldest first. */
  get remembered(): number[] {
    const memories = this.etcd.history.filter(({ key }) => key === PLACES.memory);
    return memories.map(({ value }) => JSON.parse(value).memory.epoch);
  }

  begun(term: Term): number {
    this.began.push(numberIn(term.memory));
    return this.began.length - 1;
  }

  next(term: number): number {
    this.last += 1;
    this.terms.set(this.last, term);
    return this.last;
  }
}

class Arbiter {
  readonly stopping = new AbortController();
  /** Its turns, over when it is told to stop. */
  running: Promise<void> = Promise.resolve();
  private readonly pair: Pair;
  private readonly seat: Seat;
  private pausedUntil = 0;

  constructor(pair: Pair, name: string) {
    this.pair = pair;
    const etcd = new EtcdGateway(this.ask);
    const { clock } = this;
    const quiet = { standby: () => {}, looked: () => {} };
    const trouble = (): void => void this.pair.troubles.push(name);
    this.seat = new Seat({ etcd, places: PLACES, name, clock, trouble, ...quiet });
  }

  start(): void {
    this.running = this.turns();
  }

  pause(ms: number): void {
    this.pausedUntil = this.pair.timeline.now + ms;
  }

  private get clock() {
    const { timeline } = this.pair;
    return {
      now: () => timeline.now,
      after: (ms: number, run: () => void) => {
        let wanted = true;
        timeline.after(ms, () => {
          this.awake(() => {
            if (wanted) run();
          });
        });
        return () => {
          wanted = false;
        };
      },
    };
  }

  /** Does it when this process does not stand still. */
  private awake(run: () => void): void {
    const { timeline } = this.pair;
    if (timeline.now < this.pausedUntil) {
      timeline.after(this.pausedUntil - timeline.now, () => this.awake(run));
      return;
    }
    run();
    timeline.stir();
  }

  private readonly ask: Ask = (route, body) => {
    const { pair } = this;
    const { etcd, random, timeline } = pair;
    const delay = (): number => 1 + random() * (pair.calm ? 20 : 300);
    const fate = pair.away ? 0 : pair.calm ? 1 : random();
    return new Promise<EtcdAnswer>((resolve, reject) => {
      const unanswered = () => this.awake(() => reject(new EtcdUnreachable('no answer')));
      if (fate < 0.2) timeline.after(2_000, unanswered);
      if (fate < 0.1) return;
      // Between 0.1 and 0.2 it takes effect, sooner or later, and nobody is told.
      timeline.after(fate < 0.2 ? random() * 6_000 : delay(), () => {
        const { body: answer, status } = etcd.handle(route, body);
        if (fate < 0.2) return;
        timeline.after(delay(), () => {
          this.awake(() => {
            if (status === 200) resolve({ body: answer, url: 'etcd' });
            else reject(new EtcdRefused(status, 'refused'));
          });
        });
      });
    });
  };

  private async turns(): Promise<void> {
    for (;;) {
      const term = await this.seat.take(this.stopping.signal);
      if (term === null) return;
      await this.serve(term);
      await term.resign().catch((error: unknown) => {
        // It ends by itself then.
        expect([EtcdRefused, EtcdUnreachable]).toContain((error as Error).constructor);
      });
    }
  }

  private async serve(term: Term): Promise<void> {
    const { pair } = this;
    const nth = pair.begun(term);
    let over = false;
    void term.over.then(() => {
      over = true;
    });
    while (!over && !this.stopping.signal.aborted && pair.random() > 0.02) {
      const value = pair.next(nth);
      try {
        await term.remember(memoryOf(value));
        pair.acknowledged.push({ nth: value, at: pair.timeline.now });
      } catch (error) {
        if (error instanceof TermOver) return;
        expect(error).toBeInstanceOf(StorageFailure);
      }
      await new Promise<void>((resolve) => this.clock.after(pair.random() * 500, resolve));
    }
  }
}

async function play(seed: number): Promise<Pair> {
  const pair = new Pair(seed);
  const arbiters = ['a', 'b'].map((name) => new Arbiter(pair, name));
  for (const arbiter of arbiters) arbiter.start();
  for (let at = 0; at < 90_000; at += 3_000) {
    await pair.timeline.run(at);
    const chosen = arbiters[Math.floor(pair.random() * 2)]!;
    if (pair.random() < 0.5) chosen.pause(pair.random() * 12_000);
  }
  pair.calmFrom = pair.timeline.now;
  await pair.timeline.run(120_000);
  for (const { stopping } of arbiters) stopping.abort();
  await pair.timeline.run(130_000);
  await Promise.all(arbiters.map(({ running }) => running));
  return pair;
}

describe('several arbiters', () => {
  test('G24: nothing that one was told is remembered is forgotten by the next', async () => {
    let terms = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const { acknowledged, began, calmFrom, remembered, terms: of } = await play(seed);
      const order = remembered.map((nth) => of.get(nth)!);
      for (const [i, nth] of remembered.entries()) {
        const before = remembered[i - 1] ?? 0;
        // Within a term a later write follows an earlier one; and each term follows what there was.
        if (order[i] === order[i - 1]) expect(nth, `seed ${seed}`).toBeGreaterThan(before);
        else expect(began[order[i]!], `seed ${seed}: what ${nth} goes on with`).toBe(before);
      }
      const known = new Set(remembered);
      for (const { nth } of acknowledged) expect(known.has(nth), `seed ${seed}: ${nth}`).toBe(true);
      const late = acknowledged.filter(({ at }) => at > calmFrom + 15_000);
      expect(late.length, `seed ${seed}: one is in charge in the end`).toBeGreaterThan(5);
      terms += new Set(order).size;
    }
    expect(terms).toBeGreaterThan(240);
  });

  test('one that stands by follows when the lease of the other has ended', async () => {
    const pair = new Pair(1);
    pair.calmFrom = 0;
    const [first, second] = ['a', 'b'].map((name) => new Arbiter(pair, name));
    const holder = (): string | undefined => {
      const seats = pair.etcd.history.filter(({ key }) => key === PLACES.seat);
      return seats.at(-1)?.value;
    };
    first!.start();
    await pair.timeline.run(1_000);
    second!.start();
    await pair.timeline.run(10_000);
    expect(holder()).toBe('a');
    first!.pause(60_000);
    await pair.timeline.run(14_000);
    expect(holder()).toBe('a');
    await pair.timeline.run(16_200);
    expect(holder()).toBe('b');
    for (const arbiter of [first!, second!]) arbiter.stopping.abort();
  });

  test('etcd is away for ten minutes: each says so once, and one is in charge again', async () => {
    const pair = new Pair(1);
    pair.calmFrom = 0;
    const arbiters = ['a', 'b'].map((name) => new Arbiter(pair, name));
    for (const arbiter of arbiters) arbiter.start();
    await pair.timeline.run(10_000);
    pair.away = true;
    await pair.timeline.run(11_000);
    const before = pair.remembered.length;
    await pair.timeline.run(610_000);
    expect([...pair.troubles].sort()).toEqual(['a', 'b']);
    expect(pair.remembered).toHaveLength(before);
    pair.away = false;
    await pair.timeline.run(614_000);
    expect(pair.remembered.length).toBeGreaterThan(before);
    const known = new Set(pair.remembered);
    for (const { nth } of pair.acknowledged) expect(known.has(nth)).toBe(true);
    for (const { stopping } of arbiters) stopping.abort();
    await pair.timeline.run(620_000);
    await Promise.all(arbiters.map(({ running }) => running));
  });
});

/** An etcd that answers at once, and a clock whose timers the test rings. */
class Desk {
  etcd = new FakeEtcd(() => 0);
  readonly timers = new Set<() => void>();
  /** The next answer does not come, though what was asked is done. */
  loses = false;
  asked = 0;
  private readonly gateway = new EtcdGateway(async (route, request) => {
    this.asked += 1;
    const { body, status } = this.etcd.handle(route, request);
    if (status !== 200) throw new EtcdRefused(status, 'refused');
    if (!this.loses) return { body, url: 'etcd' };
    this.loses = false;
    throw new EtcdUnreachable('no answer');
  });

  put(key: string, value: string): Promise<unknown> {
    return this.gateway.writeIf([], { key, value }, []);
  }

  take(name = 'a'): Promise<Term | null> {
    return this.seat(name).take(new AbortController().signal);
  }

  seat(name: string, standby: (holder: string) => void = () => {}): Seat {
    const clock = {
      now: () => 0,
      after: (_ms: number, run: () => void) => {
        this.timers.add(run);
        return () => this.timers.delete(run);
      },
    };
    const quiet = { looked: () => {}, trouble: () => {} };
    return new Seat({ etcd: this.gateway, places: PLACES, name, clock, standby, ...quiet });
  }
}

test('who was overtaken while it asked for the seat stands by, and says for whom', async () => {
  const etcd = new FakeEtcd(() => 0);
  const stopping = new AbortController();
  const holders: string[] = [];
  const looked: unknown[] = [];
  const gateway = new EtcdGateway(async (route, request) => {
    const { body } = etcd.handle(route, request);
    if (route === '/v3/lease/grant' && holders.length === 0) {
      const seat = { key: PLACES.seat, value: 'b', lease: await other.grant(5) };
      await other.writeIf([], seat, []);
    }
    return { body, url: 'etcd' };
  });
  const other = new EtcdGateway(async (route, request) => {
    return { body: etcd.handle(route, request).body, url: 'etcd' };
  });
  const seat = new Seat({
    ...{ etcd: gateway, places: PLACES, name: 'a', trouble: () => {} },
    looked: ({ value }, memory) => looked.push([value, memory]),
    clock: { now: () => 0, after: () => () => {} },
    standby: (holder) => {
      holders.push(holder);
      stopping.abort();
    },
  });
  expect(await seat.take(stopping.signal)).toBeNull();
  expect(holders).toEqual(['b']);
  expect(looked).toEqual([['b', null]]);
  expect(seat.holder).toBe('b');
});

test('who could not give its seat back does so later, and stands by for nobody', async () => {
  const desk = new Desk();
  const { signal } = new AbortController();
  const holders: string[] = [];
  const seat = desk.seat('a', (holder) => holders.push(holder));
  const first = (await seat.take(signal))!;
  // The term is over, and etcd has not heard of it.
  desk.timers.clear();
  const next = seat.take(signal);
  await expect.poll(() => desk.timers.size).toBe(1);
  expect(seat.holder).toBeNull();
  for (const ring of desk.timers) ring();
  expect((await next)?.lease).not.toBe(first.lease);
  expect(holders).toEqual([]);
  await expect(first.remember(memoryOf(1))).rejects.toThrow(TermOver);
});

test('the seat of another one is left alone, though it has the same name', async () => {
  const desk = new Desk();
  const term = (await desk.take('a'))!;
  const holders: string[] = [];
  const stopping = new AbortController();
  const other = desk.seat('a', (holder) => holders.push(holder)).take(stopping.signal);
  await expect.poll(() => holders).toEqual(['a']);
  stopping.abort();
  expect(await other).toBeNull();
  await term.remember(memoryOf(1));
});

describe('a term', () => {
  test('goes on where the answer to a write was lost: it knows its own', async () => {
    const desk = new Desk();
    const term = (await desk.take())!;
    desk.loses = true;
    await expect(term.remember(memoryOf(1))).rejects.toThrow(StorageFailure);
    await term.remember(memoryOf(2));
    await term.remember(memoryOf(3));
    const values = desk.etcd.history.filter(({ key }) => key === PLACES.memory);
    expect(values.map(({ value }) => JSON.parse(value).memory.epoch)).toEqual([1, 2, 3]);
  });

  test('is over with its first write after another has begun, and says who that is', async () => {
    const desk = new Desk();
    const term = (await desk.take())!;
    await term.remember(memoryOf(1));
    desk.etcd.handle('/v3/lease/revoke', { ID: '1' });
    const next = (await desk.take('b'))!;
    expect(numberIn(next.memory)).toBe(1);
    desk.asked = 0;
    await expect(term.remember(memoryOf(2))).rejects.toThrow(TermOver);
    expect(await term.over).toBe('b is in charge');
    await expect(term.remember(memoryOf(3))).rejects.toThrow(TermOver);
    expect(desk.asked).toBe(1);
    await next.remember(memoryOf(4));
  });

  test('is over when an etcd that lost all has given another the seat', async () => {
    const desk = new Desk();
    const term = (await desk.take())!;
    await term.remember(memoryOf(1));
    desk.etcd = new FakeEtcd(() => 0, 100);
    const next = (await desk.take('b'))!;
    await expect(term.remember(memoryOf(2))).rejects.toThrow(TermOver);
    expect(await term.over).toBe('b is in charge');
    await next.remember(memoryOf(3));
    const values = desk.etcd.history.filter(({ key }) => key === PLACES.memory);
    expect(values.map(({ value }) => JSON.parse(value).memory.epoch)).toEqual([3]);
  });

  test('is over when its lease is found to be', async () => {
    const desk = new Desk();
    const term = (await desk.take())!;
    desk.etcd.handle('/v3/lease/revoke', { ID: '1' });
    for (const ring of desk.timers) ring();
    expect(await term.over).toBe('its lease has ended');
  });

  test('that has resigned has freed the seat, writes no more, and leaves no timer', async () => {
    const desk = new Desk();
    const term = (await desk.take())!;
    expect(desk.timers.size).toBe(1);
    await term.resign();
    expect(desk.timers.size).toBe(0);
    desk.asked = 0;
    await expect(term.remember(memoryOf(1))).rejects.toThrow(TermOver);
    expect(desk.asked).toBe(0);
    expect(await desk.take('b')).not.toBeNull();
  });
});

describe('what is remembered in etcd', () => {
  test('is nothing at first', async () => {
    expect((await new Desk().take())?.memory).toBeNull();
  });

  test.each([
    ['{"format":2,"memory":{}}', 'the key memory of etcd has format 2; this program knows 1'],
    ['{"format":1,"memory":7}', 'the key memory of etcd is of something else'],
    ['null', 'the key memory of etcd is of something else'],
    ['hello', 'the key memory of etcd is of something else'],
  ])('is not touched where this program does not know it: %s', async (text, said) => {
    const desk = new Desk();
    await desk.put(PLACES.memory, text);
    const failure = desk.take();
    await expect(failure).rejects.toThrow(UnknownFormat);
    await expect(failure).rejects.toThrow(said);
  });
});
