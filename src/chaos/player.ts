// Plays a recording: the same steps, writes and reads, each at the moment at which it was begun
// then. What comes of them is another matter, and is recorded and judged anew.

import type { Arena } from './arena.ts';
import { read, write } from './clients.ts';
import type { Hands } from './hands.ts';
import type { Script } from './recording.ts';

interface Due {
  readonly at: number;
  readonly act: () => Promise<unknown>;
}

/** Resolves when everything has been played, or soon after the signal aborts. Rejects with the
 * first failure of a step, when what was under way has ended. */
export async function play(
  arena: Arena,
  hands: Hands,
  { steps, writes, reads }: Script,
  signal: AbortSignal,
): Promise<void> {
  // What was done to one node was done in turn; what was asked by clients was not.
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = (node: string, act: () => Promise<unknown>): Promise<unknown> => {
    const turn = (turns.get(node) ?? Promise.resolve()).then(act);
    turns.set(node, turn);
    return turn;
  };
  const due: Due[] = [
    ...steps.map((step) => ({
      at: step.at,
      act: () => inTurn(step.node, () => hands.play(step)),
    })),
    ...writes.map(({ at, order }) => ({ at, act: () => write(arena, order) })),
    ...reads.map(({ at, order }) => ({ at, act: () => read(arena, order) })),
  ].sort((one, other) => one.at - other.at);
  const open = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (const { at, act } of due) {
    if (at > arena.now()) await arena.sleep(at - arena.now(), signal);
    if (signal.aborted || failures.length > 0) break;
    const acting: Promise<void> = act()
      .then(
        () => undefined,
        (error: unknown) => void failures.push(error),
      )
      .then(() => void open.delete(acting));
    open.add(acting);
    // A play that cannot keep up asks later rather than for more at once.
    if (open.size >= OPEN_MAX) await Promise.race(open);
  }
  await Promise.all(open);
  if (failures.length > 0) throw failures[0];
}

/** Requests under way at a time: more than the clients of a run ever have. */
const OPEN_MAX = 64;
