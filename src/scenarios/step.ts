// The steps of a scenario: one verb each, with what belongs to it. A step may also say what happens
// (`say`), why (`why`) and what to look at (`look`).

import * as z from 'zod';
import { NODE_ID_PATTERN } from '../core/ids.ts';
import { answerExpectation, condition, faultSettings, nodes } from './expectation.ts';
import { duration, timeSpan } from './span.ts';

const text = z.string({ error: 'expected a text; a number needs quotes' });

const narration = {
  say: text.exactOptional(),
  why: text.exactOptional(),
  look: text.exactOptional(),
};

const name = z
  .string({ error: 'expected a name' })
  .regex(/^[A-Za-z][\w-]{0,31}$/, 'expected a name of letters, digits, - and _');
const names = z.union([name, z.array(name).min(1)], { error: 'expected a name, or a list' });
const node = z.string({ error: 'expected the id of a node, like n2' });
const newNode = node.regex(NODE_ID_PATTERN, 'expected an id of a-z, 0-9 and -, like n4');
const writeConcern = z.union([z.int(), z.enum(['majority', 'all'])], {
  error: 'expected a number of nodes, majority or all',
});

function wholeNumber(max: number) {
  const error = `expected a number from 1 to ${max}`;
  return z.int(error).min(1, error).max(max, error);
}

/** What every request may carry. `at`: the master unless said otherwise. */
const request = {
  ...narration,
  at: node.exactOptional(),
  /** The answer is awaited later, by this name. */
  as: name.exactOptional(),
  /** So many requests; `{n}` in texts is the number of the request, from 1. */
  times: wholeNumber(5_000).exactOptional(),
  /** How many of them at a time. */
  clients: wholeNumber(100).exactOptional(),
  expect: answerExpectation.exactOptional(),
};

const write = {
  ...request,
  w: writeConcern.exactOptional(),
  timeout: duration.exactOptional(),
  /** Sent as Idempotency-Key; must differ from request to request unless a repeat is meant. */
  'idempotency-key': z.string().exactOptional(),
};

const keyWrite = {
  ...write,
  id: z.union([z.string(), z.int()]).exactOptional(),
  'if-match': z.int().exactOptional(),
  'if-none-match': z.literal('*').exactOptional(),
};

/** All verbs, with the shape of their steps. */
export const STEP_SHAPES = {
  append: z.strictObject({ append: text, ...write }),
  batch: z.strictObject({
    batch: z
      .array(text, { error: 'expected a list of texts' })
      .min(1, 'expected at least one text'),
    ...write,
  }),
  put: z.strictObject({ put: text, value: text, ...keyWrite }),
  remove: z.strictObject({ remove: text, ...keyWrite }),
  get: z.strictObject({
    get: text,
    ...request,
    read: z.enum(['local', 'majority', 'linearizable']).exactOptional(),
    id: z.union([z.string(), z.int()]).exactOptional(),
  }),
  outcome: z.strictObject({ outcome: text, ...request }),
  answer: z.strictObject({
    answer: names,
    ...narration,
    within: duration.exactOptional(),
    expect: answerExpectation.exactOptional(),
  }),
  pending: z.strictObject({ pending: names, ...narration }),
  check: z.strictObject({ check: condition, ...narration, during: duration.exactOptional() }),
  'wait-until': z.strictObject({
    'wait-until': condition,
    ...narration,
    within: duration.exactOptional(),
    took: timeSpan.exactOptional(),
    /** Must hold in the very look in which the condition first does. */
    // biome-ignore lint/suspicious/noThenProperty: nobody awaits a schema or a step.
    then: condition.exactOptional(),
  }),
  fault: z.strictObject({ fault: nodes, with: faultSettings, ...narration }),
  clear: z.strictObject({ clear: nodes, ...narration }),
  partition: z.strictObject({ partition: nodes, ...narration }),
  kill: z.strictObject({ kill: nodes, ...narration }),
  pause: z.strictObject({ pause: nodes, ...narration }),
  resume: z.strictObject({ resume: nodes, ...narration }),
  stop: z.strictObject({ stop: nodes, ...narration }),
  start: z.strictObject({ start: nodes, ...narration }),
  restart: z.strictObject({ restart: nodes, ...narration }),
  'restart-empty': z.strictObject({ 'restart-empty': nodes, ...narration }),
  add: z.strictObject({ add: newNode, ...narration }),
  leave: z.strictObject({ leave: node, ...narration }),
  sleep: z.strictObject({ sleep: duration, ...narration }),
} as const;

export type Verb = keyof typeof STEP_SHAPES;

type Parsed<V extends Verb> = z.infer<(typeof STEP_SHAPES)[V]>;

/** Where a step stands in its file. */
export interface Placed<V extends Verb> {
  readonly verb: V;
  /** From the root of the file, e.g. ['steps', 3]. */
  readonly path: readonly (string | number)[];
}

export type Step = { [V in Verb]: Parsed<V> & Placed<V> }[Verb];
export type StepOf<V extends Verb> = Extract<Step, { readonly verb: V }>;

const REQUESTS = ['append', 'batch', 'put', 'remove', 'get', 'outcome'] as const;
const REQUEST_VERBS: ReadonlySet<Verb> = new Set(REQUESTS);

/** Steps that send requests to nodes. */
export type RequestStep = StepOf<(typeof REQUESTS)[number]>;

export function isRequest(step: Step): step is RequestStep {
  return REQUEST_VERBS.has(step.verb);
}
