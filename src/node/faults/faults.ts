// Faults on purpose, for traffic of other nodes that arrives here (contract, section 8). The rule:
// what a request will suffer is drawn when it arrives, always with the same number of random
// draws, so that one seed gives one history, whatever the settings are.

import type { Clock } from '../clock.ts';
import type { FaultSettings, Hits } from './fault-settings.ts';
import { randomFrom } from './random.ts';

/** How a persistence is to misbehave. One object for the life of the process, to be read before
 * each request; `onChange` tells when it is another. */
export interface LivePersistFaults {
  /** Probability that a request throws. */
  fail: number;
  /** Of every k+1 requests, k are silently lost. */
  swallow: number;
  /** Requests wait until this is lifted. */
  stuck: boolean;
  delayMs: number;
}

/** What became of a request. `dropped`: nobody must ever answer it. */
export type Fate<T> =
  | { readonly type: 'answered'; readonly answer: T }
  | { readonly type: 'failed' }
  | { readonly type: 'dropped' };

/** Told of each fault that a request meets; `ms` for those that wait. */
export type Met = (fault: keyof Hits, ms: number) => void;

/** What one request will suffer. */
interface Doom {
  readonly delayMs: number;
  readonly errorBefore: boolean;
  readonly errorAfter: boolean;
  readonly dropRequest: boolean;
  readonly dropReply: boolean;
}

/** Requests that may wait for `hold` to be lifted; more are dropped, as a full queue would. */
const HELD_MAX = 1_024;

const NO_PERSIST: Readonly<LivePersistFaults> = { fail: 0, swallow: 0, stuck: false, delayMs: 0 };

const noHits = (): Hits => ({
  delay: 0,
  errorBefore: 0,
  errorAfter: 0,
  dropRequest: 0,
  dropReply: 0,
  hold: 0,
  persist: 0,
});

export class Faults {
  private readonly clock: Clock;
  private readonly anySeed: () => number;
  private settings: FaultSettings = {};
  private counts: Hits = noHits();
  private left = Number.POSITIVE_INFINITY;
  private random: () => number;
  private persistRandom: () => number;
  private held: (() => void)[] = [];
  private readonly delayed = new Set<() => void>();
  private readonly listeners = new Set<() => void>();
  /** The part that concerns persistence. */
  readonly persist: LivePersistFaults = { ...NO_PERSIST };

  /** `anySeed` is asked for a 32-bit number where the settings name no seed. */
  constructor(clock: Clock, anySeed: () => number = () => Math.random() * 2 ** 32) {
    this.clock = clock;
    this.anySeed = anySeed;
    this.random = randomFrom(anySeed());
    this.persistRandom = randomFrom(anySeed());
  }

  /** Replaces all settings and counts anew. What `hold` or `stuck` kept goes through if lifted. */
  replace(settings: FaultSettings): void {
    const seed = settings.seed ?? this.anySeed();
    this.random = randomFrom(seed);
    this.persistRandom = randomFrom(seed + 1);
    this.counts = noHits();
    this.change(settings);
  }

  /** No more faults. The counts stay readable until the next `replace`. */
  clear(): void {
    this.change({});
  }

  /** The node stops: what waits here goes through, what was delayed as well. */
  end(): void {
    this.clear();
    for (const go of this.delayed) go();
  }

  /** The body of `GET /faults`. */
  view(): { readonly faults: FaultSettings; readonly hits: Readonly<Hits> } {
    return { faults: this.settings, hits: { ...this.counts } };
  }

  /** Draws for persistence; a sequence of its own, so that traffic does not disturb it. */
  persistChance(): number {
    return this.persistRandom();
  }

  /** Counts a fault of persistence. */
  persistHit(): void {
    this.counts.persist += 1;
  }

  /** Calls back after each change of the settings; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Handles a request of another node, or has it suffer what is drawn for it; `met` is told. */
  async through<T>(
    traffic: 'snapshot' | 'heartbeat',
    handle: () => Promise<T>,
    met: Met = () => undefined,
  ): Promise<Fate<T>> {
    const affected = traffic === 'snapshot' || this.settings.heartbeat === true;
    if (!affected || this.left <= 0) return { type: 'answered', answer: await handle() };
    this.left -= 1;
    if (this.settings.hold === true) return this.holdBack(handle, met);
    return this.suffer(this.draw(), handle, met);
  }

  private change(settings: FaultSettings): void {
    this.settings = settings;
    this.left = settings.times ?? Number.POSITIVE_INFINITY;
    if (settings.hold !== true) {
      const released = this.held;
      this.held = [];
      for (const release of released) release();
    }
    Object.assign(this.persist, NO_PERSIST, settings.persist);
    for (const listener of this.listeners) listener();
  }

  private async holdBack<T>(handle: () => Promise<T>, met: Met): Promise<Fate<T>> {
    this.counts.hold += 1;
    met('hold', 0);
    if (this.held.length >= HELD_MAX) return { type: 'dropped' };
    await new Promise<void>((release) => this.held.push(release));
    return { type: 'answered', answer: await handle() };
  }

  private delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        cancel();
        this.delayed.delete(go);
        resolve();
      };
      const cancel = this.clock.after(ms, go);
      this.delayed.add(go);
    });
  }

  private draw(): Doom {
    const { delayMs = 0, ...chances } = this.settings;
    const { min, max } = typeof delayMs === 'number' ? { min: delayMs, max: delayMs } : delayMs;
    const strikes = (chance = 0): boolean => this.random() < chance;
    return {
      delayMs: min + Math.floor(this.random() * (max - min + 1)),
      errorBefore: strikes(chances.errorBefore),
      errorAfter: strikes(chances.errorAfter),
      dropRequest: strikes(chances.dropRequest),
      dropReply: strikes(chances.dropReply),
    };
  }

  private async suffer<T>(doom: Doom, handle: () => Promise<T>, met: Met): Promise<Fate<T>> {
    const { counts } = this;
    const count = (fault: keyof Hits, ms = 0): void => {
      counts[fault] += 1;
      met(fault, ms);
    };
    if (doom.dropRequest) {
      count('dropRequest');
      return { type: 'dropped' };
    }
    if (doom.delayMs > 0) {
      count('delay', doom.delayMs);
      await this.delay(doom.delayMs);
    }
    if (doom.errorBefore) {
      count('errorBefore');
      return { type: 'failed' };
    }
    const answer = await handle();
    if (doom.errorAfter) {
      count('errorAfter');
      return { type: 'failed' };
    }
    if (doom.dropReply) {
      count('dropReply');
      return { type: 'dropped' };
    }
    return { type: 'answered', answer };
  }
}
