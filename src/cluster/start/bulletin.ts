// The order of what a launcher says: `ready` comes first, whatever the nodes have reported before.
// How they became what `ready` says they are is left out; anything else that happened is told
// later.

import type { ClusterEvent, ReadyEvent } from '../report.ts';

/** What `ready` makes old news. */
const SUPERSEDED: ReadonlySet<string> = new Set(['role', 'mode', 'joined', 'status']);

export class Bulletin {
  readonly #onEvent: (event: ClusterEvent) => void;
  /** What waits for `ready`; null once that was said. Bounded by the time a start may take. */
  #held: ClusterEvent[] | null = [];

  constructor(onEvent: (event: ClusterEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Says it now, or after `ready`. */
  say(event: ClusterEvent): void {
    if (this.#held === null) this.#onEvent(event);
    else if (!SUPERSEDED.has(event.event)) this.#held.push(event);
  }

  /** The cluster is ready: this is said, then what was held back. */
  open(ready: ReadyEvent): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.#onEvent(ready);
    for (const event of held) this.#onEvent(event);
  }
}
