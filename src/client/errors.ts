// The ways a call can fail without an answer that says so: one class per cause. What the cluster
// answers with its own problem documents is in problems.ts.

/** Everything this client throws, except the caller's own abort reason. */
export abstract class ReplogError extends Error {}

/**
 * Nothing answers at `url`. Of a write: no request got there, and nothing was written. A command to
 * a node or a launcher, which is sent once, may have been carried out all the same.
 */
export class Unreachable extends ReplogError {
  override readonly name = 'Unreachable';
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`nothing answers at ${url} (${reasonOf(cause)})`, { cause });
    this.url = url;
  }
}

/**
 * A write may have reached the cluster, but no answer came back: it may be stored, now or later, or
 * not at all. `outcome(idempotencyKey)` tells; repeating it with the same key is safe.
 */
export class OutcomeUnknown extends ReplogError {
  override readonly name = 'OutcomeUnknown';
  readonly idempotencyKey: string;
  /** Where it stands in the log of the node that said so last; null if none did. */
  readonly index: number | null;

  constructor(idempotencyKey: string, cause: unknown, index: number | null = null) {
    super(
      `outcome unknown: ${reasonOf(cause)}; the write's idempotency key is ${idempotencyKey}` +
        ' (GET /outcomes/:key tells whether it is stored)',
      { cause },
    );
    this.idempotencyKey = idempotencyKey;
    this.index = index;
  }
}

/**
 * Something answers at `url`, but not in replog's language. That says nothing of a write: what
 * answers may stand before a node that was given it. Repeating it with the same key is safe.
 */
export class UnexpectedAnswer extends ReplogError {
  override readonly name = 'UnexpectedAnswer';
  readonly url: string;
  readonly status: number;

  constructor(url: string, status: number, what: string) {
    super(`${url} gave an answer that is not replog's: ${what} (status ${status})`);
    this.url = url;
    this.status = status;
  }
}

/**
 * A log that was followed, or read page by page, has another entry where one had been seen: what
 * came there was on too few nodes, and was lost with one of them. Whatever was built from it should
 * be built anew.
 */
export class LogReplaced extends ReplogError {
  override readonly name = 'LogReplaced';
  readonly url: string;
  /** Index of the last entry seen, which is another one now, or gone; so may those before it. */
  readonly index: number;

  constructor(url: string, index: number) {
    super(`the log of ${url} was replaced: entry ${index} is not the one that was seen`);
    this.url = url;
    this.index = index;
  }
}

/** A key that cannot stand in a URL path (empty, `.`, `..`, or not well-formed Unicode), or that is
 * longer than a key may be. */
export class InvalidKey extends ReplogError {
  override readonly name = 'InvalidKey';
  readonly key: string;

  constructor(
    key: string,
    problem: string = `${JSON.stringify(key)} cannot be a key: it has no place in a URL path`,
  ) {
    super(problem);
    this.key = key;
  }
}

/** An idempotency key that is not 1–128 printable ASCII characters. */
export class InvalidIdempotencyKey extends ReplogError {
  override readonly name = 'InvalidIdempotencyKey';

  constructor(key: string) {
    super(
      `${JSON.stringify(key)} cannot be an idempotency key (1 to 128 printable ASCII characters)`,
    );
  }
}

/** A base URL that is no plain http(s) URL. */
export class InvalidUrl extends ReplogError {
  override readonly name = 'InvalidUrl';
  readonly url: string;

  constructor(
    url: string,
    problem: string = `${JSON.stringify(url)} is not the URL of a node (like http://127.0.0.1:4000)`,
  ) {
    super(problem);
    this.url = url;
  }
}

/** A token that cannot stand in a header. The error does not say what it is. */
export class InvalidToken extends ReplogError {
  override readonly name = 'InvalidToken';

  constructor() {
    super('the token cannot be sent: it must be printable ASCII, without spaces and line ends');
  }
}

/** The innermost message of an error and its causes: fetch itself only says "fetch failed". */
export function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (reason instanceof AggregateError && reason.errors.length > 0)
    return reasonOf(reason.errors[0]);
  return reason instanceof Error ? reason.message || reason.name : String(reason);
}
