// What can be done to one node's process. A node that is already as wished is left as it is; what
// makes no sense in its state is a Conflict that says why.

import type { Action } from './control.ts';
import { Conflict } from './control.ts';
import type { Child } from './process/child.ts';
import type { Farewell } from './process/farewell.ts';

/** What was done, in the past tense of the launcher's events. */
export type Done = 'started' | 'stopped' | 'killed' | 'paused' | 'resumed';

/** Performs the action and says through `done` what came of it, step by step. */
export async function perform(
  child: Child,
  action: Action,
  done: (what: Done) => void,
): Promise<void> {
  switch (action) {
    case 'stop':
      return tell(await child.stop(), done);
    case 'start':
      return start(child, done);
    case 'restart':
      tell(await child.stop(), done);
      return start(child, done);
    case 'kill':
      return tell(await child.kill(), done);
    case 'pause':
      return pause(child, done);
    case 'resume':
      return resume(child, done);
  }
}

/** Of two who have ended one process, the first says how it came. */
function tell(farewell: Farewell | null, done: (what: Done) => void): void {
  if (farewell?.take()) done(farewell.how);
}

async function start(child: Child, done: (what: Done) => void): Promise<void> {
  if (child.state === 'paused') throw new Conflict(`${child.node} is paused: resume it instead`);
  if (child.alive) return;
  await child.start();
  done('started');
}

function pause(child: Child, done: (what: Done) => void): void {
  const { node, state } = child;
  if (state !== 'running' && state !== 'paused') {
    throw new Conflict(`${node} is ${state}: only a running node can pause`);
  }
  child.pause();
  if (state === 'running') done('paused');
}

function resume(child: Child, done: (what: Done) => void): void {
  const { node, state } = child;
  if (state === 'running') return;
  if (state !== 'paused') throw new Conflict(`${node} is ${state}: there is nothing to resume`);
  child.resume();
  done('resumed');
}

/** Ends the part of a node that is no member any more. Its process goes on if it could be told so;
 * one that stands still or starts would come back as a member, and is ended. Returns whether it
 * goes on. */
export async function retire(child: Child): Promise<boolean> {
  if (child.state === 'running') {
    await child.retire();
    // It may have ended instead: then nothing is left that could be stopped.
    return child.alive;
  }
  // Woken to end in order, one that is paused would first acknowledge what it has missed: whoever
  // waits for that would be told of a copy that is gone with it.
  await (child.state === 'paused' ? child.kill() : child.stop());
  return false;
}
