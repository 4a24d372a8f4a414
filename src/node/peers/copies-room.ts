// The Snapshots to one peer that wait for their answers as requests of their own. Each keeps a
// connection, and of those there are few. The rule: what the oldest wait for has been sent again
// since, so they make room for the newest; a peer that answers nothing, or whose answers get lost,
// never keeps new copies from being sent.

import { PeerError } from './peer-answers.ts';

/** A request that can be given up: it then fails with the error. */
export interface Waiting {
  giveUp(error: Error): void;
}

/** Invariant: at most `max` requests wait. */
export class CopiesRoom {
  private readonly max: number;
  private readonly waiting = new Set<Waiting>();

  constructor(max: number) {
    this.max = max;
  }

  enter(request: Waiting): void {
    this.waiting.add(request);
    if (this.waiting.size <= this.max) return;
    const [oldest] = this.waiting;
    this.waiting.delete(oldest!);
    oldest!.giveUp(new PeerError('did not answer before many later copies were sent'));
  }

  leave(request: Waiting): void {
    this.waiting.delete(request);
  }
}
