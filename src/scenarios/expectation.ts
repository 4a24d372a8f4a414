// What a scenario may expect: of one answer, and of the cluster. Each field is a promise of the
// contract that can be seen from outside; an absent field is not looked at.

import * as z from 'zod';
import { NODE_ID_PATTERN } from '../core/ids.ts';
import { countSpan, timeSpan } from './span.ts';

const node = z
  .string({ error: 'expected the id of a node, like n2' })
  .regex(NODE_ID_PATTERN, 'expected the id of a node, like n2');

/** One node, several, or `all`, `secondaries`, `master`. */
export const nodes = z.union([node, z.array(node).min(1)], {
  error: 'expected a node like n2, a list of nodes, or all, secondaries, master',
});

export type Nodes = z.infer<typeof nodes>;

/** Something per node; the names of `nodes` are allowed here, too. */
function perNode<Value extends z.ZodType>(value: Value) {
  return z.record(node, value, { error: 'expected one line per node, like n2: …' });
}

const STATUS_HINT = 'expected Healthy, Suspected or Unhealthy';
const memberStatus = z.enum(['Healthy', 'Suspected', 'Unhealthy'], { error: STATUS_HINT });

const oneOrMore = <Value extends z.ZodType>(value: Value, error: string) =>
  z.union([value, z.array(value).min(1)], { error });

const answerFields = z.strictObject({
  /** The HTTP status, or those that are possible. */
  status: oneOrMore(z.int(), 'expected an HTTP status like 201, or a list').exactOptional(),
  /** The code of a problem document. */
  code: z.string().exactOptional(),
  index: countSpan.exactOptional(),
  /** Exactly these nodes, in any order. */
  acks: z.array(node).exactOptional(),
  /** So many distinct nodes. */
  'acks-count': countSpan.exactOptional(),
  /** From sending the request to the whole answer. */
  took: timeSpan.exactOptional(),
  duplicate: z.boolean().exactOptional(),
  durable: z.boolean().exactOptional(),
  result: z.enum(['OperationAck', 'OperationFailed', 'GetResult']).exactOptional(),
  id: z.union([z.string(), z.int()]).exactOptional(),
  key: z.string().exactOptional(),
  value: z.string().nullable().exactOptional(),
  state: z.string().exactOptional(),
  first: countSpan.exactOptional(),
  last: countSpan.exactOptional(),
  size: countSpan.exactOptional(),
  alive: countSpan.exactOptional(),
  needed: countSpan.exactOptional(),
  /** Exactly these nodes are missing from the quorum. */
  missing: z.array(node).exactOptional(),
});

/** An expectation of nothing always holds, and shows nothing. */
const saysSomething = (fields: object): boolean => Object.keys(fields).length > 0;

export type AnswerExpectation = z.infer<typeof answerFields>;

export const answerExpectation = answerFields.refine(
  saysSomething,
  'expected something that the answer must be, like status: 201',
);

const messageExpectation = z.union(
  [
    z.array(z.string()),
    z.strictObject({
      count: countSpan.exactOptional(),
      /** No message is there twice. */
      once: z.literal(true).exactOptional(),
    }),
  ],
  { error: 'expected a list of messages, or {count, once}' },
);

export type MessageExpectation = z.infer<typeof messageExpectation>;

const count = countSpan.exactOptional();

/** As `GET /faults` counts them. */
const hits = z.strictObject({
  delay: count,
  errorBefore: count,
  errorAfter: count,
  dropRequest: count,
  dropReply: count,
  hold: count,
  persist: count,
});

const conditionFields = z.strictObject({
  /** What each node lists, in log order. */
  messages: perNode(messageExpectation).exactOptional(),
  /** These nodes have the same log, entry by entry. */
  same: nodes.exactOptional(),
  /** The log of each is a beginning of the master's. */
  beginning: nodes.exactOptional(),
  /** Values under keys, on each node; null: no value. */
  keys: perNode(z.record(z.string(), z.string().nullable())).exactOptional(),
  'last-index': perNode(countSpan).exactOptional(),
  /** As the master judges. */
  status: perNode(oneOrMore(memberStatus, STATUS_HINT)).exactOptional(),
  /** Time since a member's last answer, in the same report of the master as `status`. */
  silence: perNode(timeSpan).exactOptional(),
  /** Every status that a member has taken since the cluster was ready. */
  transitions: perNode(z.array(memberStatus)).exactOptional(),
  mode: z.enum(['read-write', 'read-only']).exactOptional(),
  alive: countSpan.exactOptional(),
  size: countSpan.exactOptional(),
  /** These members have acknowledged everything that the master has. */
  'caught-up': nodes.exactOptional(),
  /** Exactly these are members. */
  members: z.array(node).exactOptional(),
  /** Copies sent of what the member has not acknowledged yet. */
  attempts: perNode(countSpan).exactOptional(),
  /** How often a fault has struck at a node. */
  hits: perNode(hits).exactOptional(),
  state: perNode(
    z.enum(['running', 'paused', 'stopped', 'exited'], {
      error: 'expected running, paused, stopped or exited (killed)',
    }),
  ).exactOptional(),
});

export type Condition = z.infer<typeof conditionFields>;

export const condition = conditionFields.refine(
  saysSomething,
  'expected something that must hold, like last-index: { n2: 1 }',
);

const probability = z.number().min(0).max(1);
const delayMs = z.int().min(0).max(600_000);

/** The body of `PUT /faults` (contract, section 8). */
export const faultSettings = z.strictObject({
  delayMs: z
    .union([delayMs, z.strictObject({ min: delayMs, max: delayMs })], {
      error: 'expected milliseconds, or {min, max} of them',
    })
    .exactOptional(),
  errorBefore: probability.exactOptional(),
  errorAfter: probability.exactOptional(),
  dropRequest: probability.exactOptional(),
  dropReply: probability.exactOptional(),
  hold: z.boolean().exactOptional(),
  heartbeat: z.boolean().exactOptional(),
  persist: z
    .strictObject({
      fail: probability.exactOptional(),
      swallow: z.int().min(0).exactOptional(),
      stuck: z.boolean().exactOptional(),
      delayMs: delayMs.exactOptional(),
    })
    .exactOptional(),
  times: z.int().min(0).exactOptional(),
  seed: z.int().exactOptional(),
});

export type FaultSettings = z.infer<typeof faultSettings>;
