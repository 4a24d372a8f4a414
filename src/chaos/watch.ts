// Looks at every node again and again: who is master, in which epoch, how far; and whether a
// process has ended that nobody has ended.

import { ReplogError } from '../client/errors.ts';
import type { Arena } from './arena.ts';
import { beyond } from './clients.ts';
import type { Hands } from './hands.ts';

const LOOK_EVERY_MS = 300;

/** A node that stands still does not answer; the next look comes soon enough. */
const ANSWER_MS = 1_000;

export class Watch {
  readonly #arena: Arena;
  readonly #hands: Hands;
  /** Role and epoch as they were last recorded, by node. */
  readonly #roles = new Map<string, string>();

  constructor(arena: Arena, hands: Hands) {
    this.#arena = arena;
    this.#hands = hands;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      ...this.#arena.nodes.map(({ node }) => this.#repeat(() => this.look(node), signal)),
      this.#repeat(() => this.#count(), signal),
    ]);
  }

  /** Takes down what the node says of itself, if it answers. */
  async look(node: string): Promise<void> {
    const { recording, now, base } = this.#arena;
    const life = this.#arena.lifeOf(node);
    if (life === null) return;
    const signal = AbortSignal.timeout(ANSWER_MS);
    const client = this.#arena.clientOf(node);
    const health = await quietly(client.health({ signal }), signal);
    if (health === null || this.#arena.lifeOf(node) !== life) return;
    const { role, epoch } = health;
    const at = now();
    const places = {
      lastIndex: beyond(base, health.lastIndex),
      commitIndex: beyond(base, health.commitIndex),
    };
    const name = `${life} ${role} ${epoch}`;
    if (role !== null && this.#roles.get(node) !== name) {
      this.#roles.set(node, name);
      recording.add({ type: 'node', at, node, life, event: 'role', role, epoch });
    }
    if (health.role === 'master') {
      this.#arena.master = node;
      const { failover = false, mode, quorum } = health;
      this.#arena.failover = failover;
      recording.add({
        type: 'health',
        at,
        node,
        role: 'master',
        epoch,
        mode,
        ...places,
        ...quorum,
      });
    } else {
      recording.add({ type: 'health', at, node, role: health.role, epoch, mode: null, ...places });
    }
  }

  /** Whether all processes are there that should be. */
  async #count(): Promise<void> {
    const before = this.#upright();
    const signal = AbortSignal.timeout(ANSWER_MS);
    const report = await quietly(this.#arena.control.cluster({ signal }), signal);
    const after = this.#upright();
    for (const { node, state } of report?.nodes ?? []) {
      const life = before.get(node);
      if (life === undefined || after.get(node) !== life || state !== 'exited') continue;
      const what = `${node} has ended by itself`;
      if (!this.#hands.failures.includes(what)) this.#hands.failures.push(what);
    }
  }

  /** The nodes that nobody has ended, with their lives. */
  #upright(): Map<string, string> {
    return new Map(
      this.#arena.nodes.flatMap(({ node }) => {
        const life = this.#arena.lifeOf(node);
        return life !== null && this.#hands.postureOf(node) === 'up' ? [[node, life]] : [];
      }),
    );
  }

  async #repeat(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await act();
      await this.#arena.sleep(LOOK_EVERY_MS, signal);
    }
  }
}

/** Null if nobody answered in time, or in replog's language. */
async function quietly<T>(asked: Promise<T>, signal: AbortSignal): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (signal.aborted || error instanceof ReplogError) return null;
    throw error;
  }
}
