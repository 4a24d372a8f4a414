// What the launcher waits for before it says that something is done: it looks at the cluster, as
// its master sees it, until nothing is missing.
//
// Invariants:
// 1. The proof at a start is given up only after a time in which nothing was copied.
// 2. Whatever is waited for later has a short time: without a quorum it would never come.

import type { ArbiterLink } from '../arbiter-link.ts';
import type { NodePlace } from '../files/layout.ts';
import { CatchUp, lackingOf, missingIn, type Pace, waitUntil } from './ready.ts';

/** How long an added, removed or started node may take to show in the cluster before the answer
 * leaves without it: without a quorum it never would. */
const SETTLE_MS = 3_000;

export class ReadinessProbe {
  readonly #link: Pick<ArbiterLink, 'health' | 'isReady'>;
  readonly #pace: Pace;
  readonly #nodes: () => readonly string[];

  /** `nodes`: those of the cluster, asked for at each look. */
  constructor(
    link: Pick<ArbiterLink, 'health' | 'isReady'>,
    pace: Pace,
    nodes: () => readonly string[],
  ) {
    this.#link = link;
    this.#pace = pace;
    this.#nodes = nodes;
  }

  /** Waits for the whole cluster, nodes that are added meanwhile included; resolves with null when
   * it is ready, and otherwise, after `withinMs` without progress, with what it lacks. */
  async proved(withinMs: number): Promise<string | null> {
    const catchUp = new CatchUp();
    const look = async (): Promise<string | null> => {
      const health = await this.#link.health();
      catchUp.look(health);
      return missingIn(health, this.#nodes());
    };
    return await waitUntil(look, withinMs, this.#pace, () => catchUp.advanced);
  }

  /** Waits for a node whose process was started: one that listens has no role yet, and one that has
   * may be behind. Whoever asked for it wants to use it. */
  async returned({ node, url }: NodePlace): Promise<void> {
    await this.#settle(async () => {
      if (!(await this.#link.isReady(url))) return 'not ready';
      const health = await this.#link.health();
      // Without a master there is nobody to catch up with.
      if (health?.role !== 'master' || health.node === node) return null;
      return lackingOf(health, node, this.#nodes().length);
    });
  }

  /** Waits for a node that was added. */
  async joined(node: string): Promise<void> {
    await this.#settle(async () => {
      return lackingOf(await this.#link.health(), node, this.#nodes().length);
    });
  }

  /** Waits until the master counts none but the nodes of the cluster. */
  async left(): Promise<void> {
    await this.#settle(async () => missingIn(await this.#link.health(), this.#nodes()));
  }

  async #settle(missing: () => Promise<string | null>): Promise<void> {
    await waitUntil(missing, SETTLE_MS, this.#pace);
  }
}
