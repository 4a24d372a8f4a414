// What a client's write came to, as an HTTP answer (contract, sections 3 and 4). Pure tables: the
// same outcome reads differently for a message, a batch and a key, and is decided elsewhere.

import type { Outcome, WriteConcern } from '../../core/effects.ts';
import type { LogIndex, OperationId } from '../../core/ids.ts';
import { type Answer, json } from '../http/answer.ts';
import { target } from '../http/call.ts';
import { locationAt } from '../http/location.ts';
import { type Extra, problem } from '../http/problems.ts';
import { receiptOf } from './receipt.ts';

/** What the answer repeats of the request, and what was measured. */
export interface Asked {
  /** As asked, or the default that was used. */
  readonly w: WriteConcern;
  readonly durable: boolean;
  /** From arrival to answer. */
  readonly ms: number;
  /** Of the request, for the redirect to the master. */
  readonly url: string;
  /** Cluster size; present if the client wants to be told what the acknowledgement is worth. */
  readonly size?: number;
  /** Nodes that are known to keep their log in memory; with `size`. */
  readonly inMemory?: readonly string[];
  /** Another node takes over from a silent master; with `size`. */
  readonly failover?: boolean;
}

type Done = Extract<Outcome, { type: 'Stored' | 'TimedOut' }>;
type Place = (first: LogIndex, last: LogIndex) => Extra;

/** Times in answers have microseconds at most. */
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

const duplicate = (outcome: Done): Extra =>
  outcome.type === 'Stored' && outcome.duplicate ? { duplicate: true } : {};

const receipt = ({ acks }: Done, asked: Asked): Extra => {
  const { durable, failover = false, inMemory = [], size } = asked;
  return size === undefined
    ? {}
    : { receipt: receiptOf({ acks, durable, size, inMemory, failover }) };
};

/** `POST /messages`. */
export function messageAnswer(outcome: Outcome, asked: Asked): Answer {
  if (outcome.type === 'Stored') {
    const { first: index, acks } = outcome;
    const { w, durable } = asked;
    const ms = rounded(asked.ms);
    if (asked.size !== undefined || outcome.duplicate) {
      const status = outcome.duplicate ? 200 : 201;
      const more = { ...duplicate(outcome), ...receipt(outcome, asked) };
      return json(status, { index, w, acks, durable, ms, ...more });
    }
    return json(201, { index, w, acks, durable, ms });
  }
  if (outcome.type === 'TimedOut') {
    const { first: index, acks } = outcome;
    return problem('write-concern-timeout', timedOut(outcome), { index, w: asked.w, acks });
  }
  return refusal(outcome, asked, (first) => ({ index: first }));
}

/** `POST /messages/batch`. */
export function batchAnswer(outcome: Outcome, asked: Asked): Answer {
  const place: Place = (first, last) => ({ first, last, count: last - first + 1 });
  if (outcome.type === 'Stored') {
    const { w, durable } = asked;
    const body = { ...place(outcome.first, outcome.last), w, acks: outcome.acks, durable };
    const status = outcome.duplicate ? 200 : 201;
    const more = { ...duplicate(outcome), ...receipt(outcome, asked) };
    return json(status, { ...body, ms: rounded(asked.ms), ...more });
  }
  if (outcome.type === 'TimedOut') {
    const extra = { ...place(outcome.first, outcome.last), w: asked.w, acks: outcome.acks };
    return problem('write-concern-timeout', timedOut(outcome), extra);
  }
  return refusal(outcome, asked, place);
}

/** `PUT` and `DELETE /kv/:key`. `id` is null where the client gave none. `removed`: the key has no
 * value now, and so no tag either. */
export function keyValueAnswer(
  outcome: Outcome,
  asked: Asked,
  target: { readonly id: OperationId | null; readonly key: string; readonly removed: boolean },
): Answer {
  const { id, key, removed } = target;
  if (outcome.type === 'Stored') {
    const { first: index, acks } = outcome;
    const ms = rounded(asked.ms);
    const body = { result: 'OperationAck', id, key, index, acks, ms, ...duplicate(outcome) };
    return removed ? json(200, body) : json(200, body, { etag: `"${index}"` });
  }
  if (outcome.type === 'TimedOut') {
    const { first: index, acks } = outcome;
    const extra = { result: 'OperationFailed', id, key, index, acks };
    return problem('operation-failed', timedOut(outcome), extra);
  }
  return refusal(outcome, asked, (first) => ({ id, key, index: first }));
}

function timedOut({ first, last, acks }: Done): string {
  const [what, where, it] =
    first === last ? ['It is', `${first}`, 'it'] : ['They are', `${first} to ${last}`, 'them'];
  const who = acks.length === 1 ? '1 node has' : `${acks.length} nodes have`;
  return `${what} in the log as ${where} and will go on replicating; ${who} ${it}.`;
}

/** What every write has in common when it was not simply stored. */
function refusal(outcome: Exclude<Outcome, Done>, asked: Asked, place: Place): Answer {
  switch (outcome.type) {
    case 'NoQuorum': {
      const { alive, needed, missing } = outcome;
      const detail = `${alive} of the ${needed} nodes needed are alive; nothing was appended.`;
      return problem('no-quorum', detail, { alive, needed, missing });
    }
    case 'Unsatisfiable': {
      const detail = `w is ${asked.w}, but the cluster has ${outcome.size} nodes.`;
      return problem('write-concern-unsatisfiable', detail, { w: asked.w, size: outcome.size });
    }
    case 'KeyReused':
      return problem(
        'idempotency-key-reused',
        'This Idempotency-Key was used for another operation; nothing was appended.',
      );
    case 'PreconditionFailed': {
      const has = outcome.index === null ? 'no value' : `index ${outcome.index}`;
      const detail = `The key has ${has}; nothing was written.`;
      return problem('precondition-failed', detail, { index: outcome.index });
    }
    case 'NotMaster': {
      const { node, url } = outcome.master;
      const detail = `${node} at ${url} is the master; nothing was appended here.`;
      const location = locationAt(url, target(asked.url));
      return problem('not-master', detail, { master: { node, url } }, { location });
    }
    default:
      return unavailable(outcome, place);
  }
}

type Unavailable = Extract<
  Outcome,
  {
    type:
      | 'NoMaster'
      | 'Recovering'
      | 'Overloaded'
      | 'StorageUnavailable'
      | 'ShuttingDown'
      | 'Confirmed'
      | 'NotLinearizable';
  }
>;

const NOTHING = 'Nothing was appended.';

/** The node cannot decide now. Where the operation is in the log already, the answer says so. */
function unavailable(outcome: Unavailable, place: Place): Answer {
  switch (outcome.type) {
    case 'NoMaster':
    case 'ShuttingDown': {
      const code = outcome.type === 'NoMaster' ? 'no-master' : 'shutting-down';
      if (outcome.first === undefined) {
        const why = code === 'no-master' ? 'No master is known.' : 'The node is ending.';
        return problem(code, `${why} ${NOTHING}`);
      }
      const { first, last = first } = outcome;
      const detail = `It is in the log as ${first}; whether it stays is open.`;
      // The one member that says so, for whoever asks no more than whether it is there.
      return problem(code, detail, { index: first, ...place(first, last) });
    }
    case 'Recovering': {
      const detail = `The master hears its members before it takes writes. ${NOTHING}`;
      return problem('recovering', detail);
    }
    case 'Overloaded':
      return problem('overloaded', `Too much is waiting already. ${NOTHING}`);
    case 'StorageUnavailable': {
      const detail = `${outcome.reason}. ${NOTHING}`;
      return problem('storage-unavailable', detail, { reason: outcome.reason });
    }
    case 'Confirmed':
    case 'NotLinearizable':
      return problem('internal-error', 'A write was answered like a read.');
  }
}
