// The cluster's own "no": RFC 9457 problem documents, one class per code that a caller may want to
// tell apart. A code that has no class here arrives as a plain ProblemError.

import type { NodeAddress, WriteConcern } from './answers.ts';
import { ReplogError } from './errors.ts';

/** The body of a problem document, as parsed. Foreign data: every member is checked when read. */
export type ProblemBody = Readonly<Record<string, unknown>>;

/** A request was answered with a problem document. */
export class ProblemError extends ReplogError {
  override readonly name: string = 'ProblemError';
  /** HTTP status. */
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** Every member of the document, those of RFC 9457 included. */
  readonly members: ProblemBody;
  /** From the Retry-After header, in seconds; null without one. */
  readonly retryAfter: number | null;
  /** The URL that was asked, with or without its path; null if it is not known. */
  readonly url: string | null;

  constructor(
    status: number,
    members: ProblemBody,
    retryAfter: number | null = null,
    url: string | null = null,
  ) {
    const title = text(members.title) ?? text(members.code) ?? `status ${status}`;
    const detail = text(members.detail) ?? '';
    super(detail || title);
    this.status = status;
    this.code = text(members.code) ?? '';
    this.title = title;
    this.detail = detail;
    this.members = members;
    this.retryAfter = retryAfter;
    this.url = url;
  }

  /** Where the write stands in the log, if the document says so. */
  get index(): number | null {
    return integer(this.members.index) ?? integer(this.members.first);
  }
}

/** A write that is in the log and goes on replicating, but `w` was not met in time. */
export class WriteConcernTimeout extends ProblemError {
  override readonly name = 'WriteConcernTimeout';

  /** Index of the last operation of a batch; that of the message otherwise. */
  get last(): number | null {
    return integer(this.members.last) ?? this.index;
  }

  get w(): WriteConcern | null {
    const w = this.members.w;
    return w === 'majority' || w === 'all' ? w : integer(w);
  }

  get acks(): readonly string[] {
    return texts(this.members.acks);
  }
}

/** Key-value: as WriteConcernTimeout. There is no rollback: the new value stays readable. */
export class OperationFailed extends ProblemError {
  override readonly name = 'OperationFailed';

  get key(): string {
    return text(this.members.key) ?? '';
  }

  get acks(): readonly string[] {
    return texts(this.members.acks);
  }

  /** What the document has beside what all problems have, in the form of an OperationAck. */
  get result(): ProblemBody {
    const { key, index, acks, members } = this;
    return { result: this.name, id: members.id ?? null, key, index, acks };
  }
}

/** Too few members are alive: nothing was written. */
export class NoQuorum extends ProblemError {
  override readonly name = 'NoQuorum';

  get alive(): number | null {
    return integer(this.members.alive);
  }

  get needed(): number | null {
    return integer(this.members.needed);
  }

  get missing(): readonly string[] {
    return texts(this.members.missing);
  }
}

/** The node knows no master. */
export class NoMaster extends ProblemError {
  override readonly name = 'NoMaster';
}

/** The node is a secondary; `master` is where writes go. Seen only when redirects go in circles. */
export class NotMaster extends ProblemError {
  override readonly name = 'NotMaster';

  get master(): NodeAddress | null {
    return addressOf(this.members.master);
  }
}

/** The node is ending. With an `index`, the write is in its log. */
export class ShuttingDown extends ProblemError {
  override readonly name = 'ShuttingDown';
}

/** Too many writes are waiting: nothing was written. */
export class Overloaded extends ProblemError {
  override readonly name = 'Overloaded';
}

/** `w` is greater than the cluster: nothing was written. */
export class WriteConcernUnsatisfiable extends ProblemError {
  override readonly name = 'WriteConcernUnsatisfiable';

  get size(): number | null {
    return integer(this.members.size);
  }
}

/** If-Match or If-None-Match did not hold: nothing was written. `index`: the key's latest. */
export class PreconditionFailed extends ProblemError {
  override readonly name = 'PreconditionFailed';
}

/** The idempotency key belongs to another operation: nothing was written. */
export class IdempotencyKeyReused extends ProblemError {
  override readonly name = 'IdempotencyKeyReused';
}

/** The cluster wants a token, or another one. */
export class Unauthorized extends ProblemError {
  override readonly name = 'Unauthorized';
}

const CLASS_OF_CODE: ReadonlyMap<string, typeof ProblemError> = new Map<
  string,
  typeof ProblemError
>([
  ['write-concern-timeout', WriteConcernTimeout],
  ['operation-failed', OperationFailed],
  ['no-quorum', NoQuorum],
  ['no-master', NoMaster],
  ['not-master', NotMaster],
  ['shutting-down', ShuttingDown],
  ['overloaded', Overloaded],
  ['write-concern-unsatisfiable', WriteConcernUnsatisfiable],
  ['precondition-failed', PreconditionFailed],
  ['idempotency-key-reused', IdempotencyKeyReused],
  ['unauthorized', Unauthorized],
]);

/** The error for a problem document that `url` answered; null if the body is none. */
export function problemOf(
  status: number,
  body: unknown,
  retryAfter: number | null,
  url: string | null = null,
): ProblemError | null {
  if (typeof body !== 'object' || body === null) return null;
  const members = body as ProblemBody;
  const code = text(members.code);
  if (code === null) return null;
  return new (CLASS_OF_CODE.get(code) ?? ProblemError)(status, members, retryAfter, url);
}

/** A node's address in foreign data; null if it is none. */
export function addressOf(value: unknown): NodeAddress | null {
  if (typeof value !== 'object' || value === null) return null;
  const { node, url } = value as { node?: unknown; url?: unknown };
  return typeof url === 'string' ? { node: text(node) ?? '', url } : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function integer(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
