// Does things to nodes, and takes down what was done: to their processes through the launcher, and
// to their traffic and disks through `/faults`. The rule: all that was done can be undone by
// `heal`, and nothing is done to a node that is none of the arena's.

import type { Faults } from '../client/answers.ts';
import { ReplogError } from '../client/errors.ts';
import type { Arena } from './arena.ts';
import type { Spell } from './coverage.ts';
import { FAULT_KINDS, type ProcessFault } from './fault-kinds.ts';
import type { StepLine } from './recording.ts';

/** How a node stands, as far as it was these hands' doing. */
type Posture = 'up' | 'down' | 'paused';

/** Longest wait for a node's answer: one that stands still gives none. */
const ANSWER_MS = 1_000;

/** A node that has not begun to answer by then has not started. As with healing, nearly all of it
 * is room for a busy machine. */
const START_MS = 60_000;

/** Gap between two looks at a node that starts. */
const LOOK_MS = 30;

export class Hands {
  readonly #arena: Arena;
  readonly #postures = new Map<string, Posture>();
  readonly #spells = new Map<string, Spell>();
  readonly #asked = new Map<string, Spell>();
  readonly #starts = new Set<Promise<void>>();
  readonly #done = new Map<string, number>();
  /** What went wrong that nobody asked for. */
  readonly failures: string[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
    for (const { node } of arena.nodes) this.#postures.set(node, 'up');
  }

  /** How often each thing was done. */
  get counts(): ReadonlyMap<string, number> {
    return this.#done;
  }

  postureOf(node: string): Posture {
    return this.#postures.get(node)!;
  }

  /** Does it again, as a recording says. What does not fit the node's posture is left out. */
  async play({ node, act, kind, faults }: StepLine): Promise<void> {
    if (act === 'fault') await this.ask(node, kind ?? 'fault', faults ?? {});
    else if (act === 'clear') await this.clear(node);
    else if (act === 'start' || act === 'resume') await this.undo(node);
    else await this.strike(node, act);
  }

  /** kill -9, an orderly stop, or SIGSTOP; of a node that is up. */
  async strike(node: string, what: ProcessFault): Promise<void> {
    if (this.#postures.get(node) !== 'up') return;
    const { recording, now, coverage } = this.#arena;
    this.#step(node, what);
    if (what !== 'pause') await this.#settle(node);
    const role = this.#arena.roleOf(node);
    this.#spells.set(node, coverage.begin(what, role, now(), true));
    this.#postures.set(node, what === 'pause' ? 'paused' : 'down');
    if (what !== 'pause') this.#arena.lifeEnds(node);
    const life = this.#arena.lifeName(node);
    await this.#arena.control.control(node, what);
    const event = { kill: 'crash', stop: 'stop', pause: 'pause' } as const;
    recording.add({ type: 'node', at: now(), node, life, event: event[what] });
  }

  /** Starts a node that is down, wakes one that is paused. Resolves when it answers. */
  async undo(node: string): Promise<void> {
    const posture = this.#postures.get(node);
    if (posture === 'up') return;
    const { now, coverage } = this.#arena;
    if (posture === 'paused') await this.#resume(node);
    else await this.#start(node);
    this.#postures.set(node, 'up');
    const spell = this.#spells.get(node);
    if (spell !== undefined) coverage.end(spell, now(), true);
    this.#spells.delete(node);
  }

  /** Sets faults at a node that is up. */
  async ask(node: string, kind: string, faults: Faults): Promise<void> {
    if (this.#postures.get(node) !== 'up') return;
    const { recording, now, coverage } = this.#arena;
    await this.#settle(node);
    this.#step(node, 'fault', kind, faults);
    const set = await this.#told((signal) =>
      this.#arena.clientOf(node).setFaults(faults, { signal }),
    );
    if (!set) return;
    this.#done.set(kind, (this.#done.get(kind) ?? 0) + 1);
    this.#asked.set(node, coverage.begin(kind, this.#arena.roleOf(node), now(), null));
    const detail = JSON.stringify(faults);
    recording.add({ type: 'fault', at: now(), node, kind, detail });
  }

  /** Removes the faults of a node, having looked whether they struck. */
  async clear(node: string): Promise<void> {
    if (this.#postures.get(node) !== 'up') return;
    const { recording, now } = this.#arena;
    const client = this.#arena.clientOf(node);
    this.#step(node, 'clear');
    await this.#settle(node);
    const cleared = await this.#told((signal) => client.clearFaults({ signal }));
    if (cleared) recording.add({ type: 'fault', at: now(), node, kind: 'clear' });
  }

  /** Every node up, awake and without faults. Rejects if one of them cannot be, when all others
   * are. */
  async heal(): Promise<void> {
    const healed = await Promise.allSettled(
      this.#arena.nodes.map(async ({ node }) => {
        await this.undo(node);
        await this.clear(node);
      }),
    );
    await Promise.all(this.#starts);
    const failed = healed.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #resume(node: string): Promise<void> {
    const { recording, now } = this.#arena;
    this.#step(node, 'resume');
    await this.#arena.control.control(node, 'resume');
    const life = this.#arena.lifeName(node);
    recording.add({ type: 'node', at: now(), node, life, event: 'resume' });
  }

  /** The launcher answers when the node has caught up; here the first answer of its own counts. */
  async #start(node: string): Promise<void> {
    const { recording, now, durable } = this.#arena;
    this.#step(node, 'start');
    // Before anything can follow from it: a master that starts opens a new epoch.
    this.#arena.lifeBegins(node);
    const life = this.#arena.lifeName(node);
    recording.add({ type: 'node', at: now(), node, life, event: 'start', durable });
    const asked = this.#arena.control.control(node, 'start').then(
      () => undefined,
      (error: unknown) => {
        // Killed again before it had caught up: that is no failure to start.
        if (this.#arena.lifeOf(node) !== life) return;
        this.failures.push(`${node} did not start: ${String((error as Error).message)}`);
      },
    );
    this.#starts.add(asked);
    void asked.finally(() => this.#starts.delete(asked));
    const failed = this.failures.length;
    const until = now() + START_MS;
    while (!(await this.#answers(node))) {
      if (this.failures.length > failed) return;
      if (now() > until) {
        this.failures.push(`${node} did not answer ${START_MS / 1_000} s after its start`);
        return;
      }
      await this.#arena.sleep(LOOK_MS);
    }
  }

  #answers(node: string): Promise<boolean> {
    return this.#told((signal) => this.#arena.clientOf(node).health({ signal }));
  }

  /** Whether a node did as it was told. One that is down or stands still does not. */
  async #told(tell: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    try {
      await tell(signal);
      return true;
    } catch (error) {
      if (signal.aborted || error instanceof ReplogError) return false;
      throw error;
    }
  }

  /** The faults of this node are about to end: looks whether they have struck. */
  async #settle(node: string): Promise<void> {
    const spell = this.#asked.get(node);
    if (spell === undefined) return;
    this.#asked.delete(node);
    let hits: Readonly<Record<string, number>> = {};
    await this.#told(async (signal) => {
      hits = (await this.#arena.clientOf(node).getFaults({ signal })).hits;
    });
    const hit = FAULT_KINDS.find(({ name }) => name === spell.fault)?.hit ?? '';
    this.#arena.coverage.end(spell, this.#arena.now(), (hits[hit] ?? 0) > 0);
  }

  #step(node: string, act: StepLine['act'], kind?: string, faults?: Faults): void {
    const { recording, now } = this.#arena;
    if (act === 'kill' || act === 'stop' || act === 'pause') {
      this.#done.set(act, (this.#done.get(act) ?? 0) + 1);
    }
    const more = {
      ...(kind === undefined ? {} : { kind }),
      ...(faults === undefined ? {} : { faults }),
    };
    recording.add({ type: 'step', at: now(), node, act, ...more });
  }
}
