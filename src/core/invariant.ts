// A broken assumption is a bug of ours, not an event of the protocol: the node stops.

/** Thrown when the program contradicts itself. Never caught except to end the process. */
export class InvariantViolated extends Error {
  override readonly name = 'InvariantViolated';
}

/** Asserts what must be true. `what` completes the sentence "it must hold that …". */
export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new InvariantViolated(`it must hold that ${what}`);
}
