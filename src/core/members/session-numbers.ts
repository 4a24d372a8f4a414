// The numbers of a master's sessions: each greater than all before it.

import { type Epoch, type Session, session } from '../ids.ts';

/** Sessions are numbered from epoch × this + the time of the process's start, so that a master that
 * restarts begins above all its earlier sessions without having to remember them: in a new epoch,
 * also on a clock that was set back meanwhile (by up to this many milliseconds, 49 days), and where
 * whoever appoints it has forgotten the epochs that there were. */
export const SESSIONS_PER_EPOCH: number = 2 ** 32;

/** In the epochs beyond, the numbers begin again: an integer holds no more, and sessions compare by
 * their epoch first. */
const EPOCHS_NUMBERED = 2 ** 20;

/** Whoever claims to know a newer session than this is not believed: there would be none after. */
const SESSION_MAX = 2 ** 53 - 2 ** 32;

export class SessionNumbers {
  private last: number;

  /** `bornAtMs`: see Context. */
  constructor(epoch: Epoch, bornAtMs: number) {
    this.last = (epoch % EPOCHS_NUMBERED) * SESSIONS_PER_EPOCH + bornAtMs;
  }

  next(): Session {
    this.last += 1;
    return session(this.last);
  }

  /** A secondary refuses a session because it knows this newer one: the next is above that. */
  passes(known: Session): void {
    if (known < SESSION_MAX) this.last = Math.max(this.last, known);
  }
}
