// One run of chaos: a cluster that works, a time in which anything may happen to it, then healing,
// and a judgement on everything that was seen. The rule: the run ends with every node up, awake and
// without faults, whatever it found.

import { setMaxListeners } from 'node:events';
import { Judge } from '../check/judge.ts';
import type { Verdict, Violation } from '../check/verdict.ts';
import { ReplogError } from '../client/errors.ts';
import { REAL_PACE } from '../client/pace.ts';
import { Arena, type ArenaNode } from './arena.ts';
import { Chance } from './chance.ts';
import { beyond, seenOf, write } from './clients.ts';
import { Coverage, type CoverageRow } from './coverage.ts';
import { Hands } from './hands.ts';
import { Nemesis } from './nemesis.ts';
import { play } from './player.ts';
import { PROBE, Recording, type Script } from './recording.ts';
import { Watch } from './watch.ts';
import { Workload } from './workload.ts';

export interface ChaosOptions {
  readonly nodes: readonly ArenaNode[];
  /** Base URL of the launcher's control routes. */
  readonly control: string;
  readonly token: string | undefined;
  /** Whether its nodes keep data on disk. */
  readonly durable: boolean;
  readonly seed: number;
  /** Stands at the head of all that is written: different for each run on one cluster. */
  readonly tag: string;
  /** How long faults are allowed; with `untilCovered`, at most. */
  readonly durationMs: number;
  readonly untilCovered: boolean;
  /** Plays this instead of drawing from the seed; null: draws. */
  readonly script: Script | null;
  /** Takes the lines of the recording; null: there is none. */
  readonly write: ((text: string) => void) | null;
  readonly onProgress: (progress: Progress) => void;
  /** Told at once of whatever contradicts something. */
  readonly onViolation: (violation: Violation) => void;
  /** Ends the faults before their time; the rest of the run follows. */
  readonly signal: AbortSignal;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

export interface Progress {
  readonly phase: 'faults' | 'healing' | 'judging';
  readonly elapsedMs: number;
  readonly counts: Readonly<Record<string, number>>;
  /** What was done to nodes so far. */
  readonly done: Readonly<Record<string, number>>;
  readonly violations: number;
  readonly uncovered: number;
}

export interface ChaosReport {
  readonly seed: number;
  readonly elapsedMs: number;
  readonly verdict: Verdict;
  /** What went wrong with processes; empty if nothing did. */
  readonly failures: readonly string[];
  readonly done: Readonly<Record<string, number>>;
  readonly coverage: readonly CoverageRow[];
  readonly cells: number;
  readonly uncovered: number;
  /** From the last fault until all nodes had everything; null: they never had. */
  readonly convergedMs: number | null;
}

/** Everything heals within this, or it is a violation. A node that missed much catches up in
 * seconds; the rest is room for a busy machine. */
const HEAL_MS = 60_000;

const PROGRESS_EVERY_MS = 1_000;
const FINAL_PAGE = 1_000;

export class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #arena: Arena;
  readonly #hands: Hands;
  readonly #watch: Watch;
  readonly #coverage = new Coverage();
  readonly #judge = new Judge();
  #violations = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    const { nodes, control, token, durable } = options;
    const startedAt = options.now();
    const recording = new Recording((record) => {
      const found = this.#judge.record(record);
      if (found === null) return;
      this.#violations += 1;
      options.onViolation(found);
    }, options.write);
    this.#arena = new Arena({
      nodes,
      control,
      token,
      durable,
      recording,
      coverage: this.#coverage,
      now: () => options.now() - startedAt,
      sleep: REAL_PACE.pause,
    });
    this.#hands = new Hands(this.#arena);
    this.#watch = new Watch(this.#arena, this.#hands);
    this.#arena.introduce = (node) => this.#watch.look(node);
  }

  async run(): Promise<ChaosReport> {
    const watching = new AbortController();
    setMaxListeners(0, watching.signal);
    await this.#open();
    const looking = Promise.all([
      this.#watch.run(watching.signal),
      this.#tellProgress(watching.signal),
    ]);
    // Thrown below: whoever cannot look any more leaves the cluster whole all the same.
    looking.catch(() => undefined);
    let convergedMs: number | null;
    try {
      await this.#faults();
      convergedMs = await this.#heal();
      await this.#probe();
    } finally {
      watching.abort();
      await looking;
    }
    this.#options.onProgress(this.#progress('judging'));
    await this.#finalReads();
    this.#arena.recording.add({ type: 'phase', at: this.#arena.now(), phase: 'end' });
    return {
      seed: this.#options.seed,
      elapsedMs: Math.round(this.#arena.now()),
      verdict: this.#judge.finish(),
      failures: this.#hands.failures,
      done: Object.fromEntries(this.#hands.counts),
      coverage: this.#coverage.rows,
      cells: this.#coverage.cells,
      uncovered: this.#coverage.uncovered,
      convergedMs,
    };
  }

  /** Introduces the nodes. What stands in the log already is none of chaos's. */
  async #open(): Promise<void> {
    const { nodes, recording, now, durable } = this.#arena;
    const { seed, durationMs } = this.#options;
    const ids = nodes.map(({ node }) => node);
    const healths = await Promise.all(ids.map((node) => this.#arena.clientOf(node).health()));
    const failover = healths.some((health) => health.role === 'master' && health.failover);
    const how = failover ? { failover } : {};
    recording.add({ type: 'run', format: 1, seed, nodes: ids, durationMs, ...how });
    recording.add({ type: 'phase', at: now(), phase: 'safety' });
    for (const { node } of nodes) {
      const life = this.#arena.lifeName(node);
      recording.add({ type: 'node', at: now(), node, life, event: 'start', durable });
    }
    this.#arena.base = Math.max(...healths.map(({ lastIndex }) => lastIndex));
    for (const node of ids) await this.#watch.look(node);
  }

  /** The time in which anything may happen. If it fails, what was done to nodes is undone first. */
  async #faults(): Promise<void> {
    try {
      await this.#act();
    } catch (error) {
      // That it cannot be undone either, for the same reason perhaps, adds nothing to it.
      await this.#hands.heal().catch(() => undefined);
      throw error;
    }
  }

  async #act(): Promise<void> {
    const { durationMs, script, seed, signal, tag } = this.#options;
    const over = new AbortController();
    const all = AbortSignal.any([over.signal, signal]);
    // Every actor waits on these: that is no leak.
    setMaxListeners(0, all, signal);
    if (script !== null) {
      await play(this.#arena, this.#hands, script, signal);
      return;
    }
    const nemesis = new Nemesis(this.#arena, this.#hands, all);
    const actors = [
      new Workload(this.#arena, seed, tag, all).run(),
      nemesis.processes(Chance.of(seed, 'processes')),
      nemesis.faults(Chance.of(seed, 'faults')),
    ];
    const acting = Promise.all(actors);
    // An actor that fails ends all of them; the failure itself is thrown below.
    acting.catch(() => over.abort());
    const startedAt = this.#arena.now();
    while (!all.aborted && this.#arena.now() - startedAt < durationMs) {
      if (this.#options.untilCovered && this.#coverage.uncovered === 0) break;
      const left = durationMs - (this.#arena.now() - startedAt);
      await this.#arena.sleep(Math.min(left, PROGRESS_EVERY_MS), all);
    }
    over.abort();
    // One that has failed is not the last to act.
    await Promise.allSettled(actors);
    await acting;
  }

  /** Ends all faults; returns after how long every node had everything. */
  async #heal(): Promise<number | null> {
    const { recording, now } = this.#arena;
    await this.#hands.heal();
    const at = now();
    this.#options.onProgress(this.#progress('healing'));
    recording.add({ type: 'phase', at, phase: 'liveness', until: at + HEAL_MS });
    while (now() - at < HEAL_MS) {
      if (await this.#converged()) return Math.round(now() - at);
      await this.#arena.sleep(50);
    }
    this.#hands.failures.push(
      `not every node had everything ${HEAL_MS / 1_000} s after the last fault`,
    );
    return null;
  }

  /** A healed cluster takes writes, and every node has them. */
  async #probe(): Promise<void> {
    const { tag } = this.#options;
    for (const w of [1, 'majority', 'all'] as const) {
      const order = {
        client: PROBE,
        via: this.#arena.master,
        operations: [{ op: 'append' as const, message: `${tag}-${PROBE}-${w}` }],
        idempotencyKey: `${tag}-${PROBE}-${w}`,
        w,
        timeoutMs: HEAL_MS,
        retryForMs: HEAL_MS,
      };
      const { outcome, code } = await write(this.#arena, order);
      if (outcome === 'ok') continue;
      this.#hands.failures.push(`a write with w=${w} failed after the last fault: ${code}`);
    }
  }

  async #converged(): Promise<boolean> {
    try {
      const health = await this.#arena.health(AbortSignal.timeout(1_000));
      if (health === null || health.mode !== 'read-write') return false;
      const { members, lastIndex } = health;
      if (members.length < this.#arena.size) return false;
      return members.every((member) => {
        return member.status === 'Healthy' && member.ackedIndex === lastIndex;
      });
    } catch (error) {
      if (error instanceof ReplogError || (error as Error).name === 'TimeoutError') return false;
      throw error;
    }
  }

  /** Every node's whole log, now that it is quiet. */
  async #finalReads(): Promise<void> {
    const { base, nodes, now, recording } = this.#arena;
    for (const { node } of nodes) {
      const life = this.#arena.lifeName(node);
      for (let from: number | null = 1; from !== null; ) {
        const call = now();
        const options = { from: from + base, limit: FINAL_PAGE };
        const page = await this.#arena.clientOf(node).log(options);
        const lastIndex = beyond(base, page.lastIndex);
        const next: number | null = page.next === null ? null : page.next - base;
        recording.add({
          ...{ type: 'log', client: 'judge', node, life, read: 'local', call, return: now(), from },
          to: next === null ? lastIndex : next - 1,
          entries: page.entries.map((entry) => seenOf(entry, base)),
          lastIndex,
          commitIndex: beyond(base, page.commitIndex),
          final: true,
          limit: FINAL_PAGE,
        });
        from = next;
      }
    }
  }

  async #tellProgress(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#arena.sleep(PROGRESS_EVERY_MS, signal);
      if (!signal.aborted) this.#options.onProgress(this.#progress('faults'));
    }
  }

  #progress(phase: Progress['phase']): Progress {
    return {
      phase,
      elapsedMs: Math.round(this.#arena.now()),
      counts: { ...this.#judge.counts },
      done: Object.fromEntries(this.#hands.counts),
      violations: this.#violations,
      uncovered: this.#coverage.uncovered,
    };
  }
}
