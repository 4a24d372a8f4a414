// Loads what a node needs sooner or later, but not for its start. The rule: a library is loaded at
// once and holds everything up for as long, so each waits until nobody waits for this node.

/** Before that a node has no time for it. */
const AFTER_MS = 1_000;

/** How long nothing must have happened. */
const QUIET_MS = 500;

/** What may keep a node from it. */
export interface Activity {
  /** Of its log. */
  readonly lastIndex: number;
  /** Clients that wait for an answer; absent: none can. */
  readonly waiting?: number;
}

/** Loads one after the other, each after a quiet while; returns how to give up the rest. A load
 * that fails is its own matter. */
export function warmUp(activity: () => Activity, loads: readonly (() => void)[]): () => void {
  const left = [...loads];
  let before: number | null = null;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const { lastIndex, waiting = 0 } = activity();
    const quiet = lastIndex === before && waiting === 0;
    before = lastIndex;
    if (quiet) left.shift()?.();
    if (left.length > 0) timer = setTimeout(look, QUIET_MS).unref();
  };
  timer = setTimeout(look, AFTER_MS - QUIET_MS).unref();
  return () => clearTimeout(timer);
}
