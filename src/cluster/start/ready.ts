// Ready means proved: every node has acknowledged the master through the replication path, and an
// append with w = "all" would be answered at once. Nothing is written for it.

import type { Health } from '../../client/answers.ts';

/** Time, as the launcher sees it. */
export interface Pace {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Nobody waits any more. */
  readonly signal: AbortSignal;
}

/** The proof did not succeed in time; the message says what was missing. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  /** The last lines of output of all nodes. */
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[]) {
    super(message);
    this.lines = lines;
  }
}

/** Gap between two looks: short against a start, and nothing to a node. */
const LOOK_EVERY_MS = 20;

/** Looks until nothing is missing. Resolves with null then, and otherwise, after `timeoutMs` or
 * when nobody waits any more, with what was missing last. The time begins anew with each look at
 * which `advanced` says that there was progress since the one before. */
export async function waitUntil(
  missing: () => Promise<string | null>,
  timeoutMs: number,
  pace: Pace,
  advanced: () => boolean = () => false,
): Promise<string | null> {
  let deadline = pace.now() + timeoutMs;
  for (;;) {
    const last = await missing();
    if (advanced()) deadline = pace.now() + timeoutMs;
    if (last === null || pace.now() >= deadline || pace.signal.aborted) return last;
    await pace.sleep(LOOK_EVERY_MS);
  }
}

/** How far a cluster has come that catches up: a long log takes longer to be copied than a start
 * may take that stands still. */
export class CatchUp {
  #acknowledged = 0;
  #advanced = false;

  /** Since the look before the last one. */
  get advanced(): boolean {
    return this.#advanced;
  }

  look(health: Health | null): void {
    const members = health?.role === 'master' ? health.members : [];
    const acknowledged = members.reduce((sum, { ackedIndex }) => sum + (ackedIndex ?? 0), 0);
    this.#advanced = acknowledged > this.#acknowledged;
    this.#acknowledged = Math.max(acknowledged, this.#acknowledged);
  }
}

/** What the whole cluster still lacks, in words; null if nothing: it is ready. `health` is the
 * master's, null while there is no master or it does not answer. */
export function missingIn(health: Health | null, nodes: readonly string[]): string | null {
  const held = heldUp(health);
  for (const node of nodes) {
    const lacking = lackingOf(health, node, nodes.length);
    // What keeps a master from its work keeps the others from theirs, mostly.
    if (lacking !== null) return held === null ? lacking : `${lacking}; ${held}`;
  }
  if (health?.role !== 'master') return 'there are no nodes';
  const stranger = health.members.find((member) => !nodes.includes(member.node));
  if (stranger !== undefined) return `${stranger.node} is a member, but no node of this cluster`;
  const { size, alive } = health.quorum;
  if (alive !== size) return `only ${alive} of ${size} nodes are alive`;
  return held;
}

/** Why the master takes no writes, in words; null if it does, or there is none. */
function heldUp(health: Health | null): string | null {
  if (health?.role !== 'master' || health.mode !== 'read-only') return null;
  return `the master is read-only (${health.reason})`;
}

/** What one node still lacks as a member of a cluster of `size`, in words; null if nothing. */
export function lackingOf(health: Health | null, node: string, size: number): string | null {
  if (health === null) return 'no master answers';
  if (health.role !== 'master') return 'no node is master yet';
  if (health.quorum.size !== size) {
    return `the master counts a cluster of ${health.quorum.size}, not ${size}`;
  }
  const member = health.members.find((one) => one.node === node);
  if (member === undefined) return `${node} has not joined`;
  if (member.status !== 'Healthy') return `${node} is ${member.status}`;
  if (member.ackedIndex === null) return `${node} has acknowledged nothing`;
  if (member.ackedIndex >= health.lastIndex) return null;
  return `${node} has acknowledged ${member.ackedIndex} of ${health.lastIndex} operations`;
}
