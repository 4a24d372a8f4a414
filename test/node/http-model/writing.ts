// What the writes may answer, and what they leave in the log.

import type { Operation } from '../../../src/core/operation.ts';
import { differs, type Expectation, type Json, wrongIn } from './expectation.ts';
import type { ModelledNode } from './model.ts';
import { ASKED, areFields, type Question } from './question.ts';
import { keyIn } from './reading.ts';
import type { WireAnswer } from './wire-connection.ts';

/** A write whose request is well formed. */
interface Write {
  readonly operations: readonly Operation[];
  readonly kind: 'message' | 'batch' | 'key';
  readonly w: number | 'majority' | 'all';
  readonly idempotencyKey: string | undefined;
  readonly holds?: boolean;
  readonly id?: string | number | null;
  /** Where a redirect leads. */
  readonly target: string;
}

export function writing(question: Question, node: ModelledNode): Expectation {
  if (question.path === '/messages') return message(question, node);
  if (question.path === '/messages/batch') return batch(question, node);
  if (question.path === '/messages/gathered') return gathered(question, node);
  return change(question, node);
}

function message(question: Question, node: ModelledNode): Expectation {
  const idempotencyKey = question.idempotencyKey();
  question.demandOutside(['message', ...ASKED]);
  const fields = question.fields();
  question.demand(fields === undefined || areFields(fields, ['message'], ASKED));
  const { refusals, request } = question;
  if (refusals.length > 0) return { refusals };
  const { target } = request;
  return outcome(node, appendOf(fields, idempotencyKey, target));
}

const appendOf = (fields: Json, idempotencyKey: string | undefined, target: string): Write => ({
  operations: [{ op: 'append', message: fields.message }],
  kind: 'message',
  w: fields.w ?? 'majority',
  idempotencyKey,
  target,
});

function batch(question: Question, node: ModelledNode): Expectation {
  const idempotencyKey = question.idempotencyKey();
  question.demandOutside(['messages', ...ASKED]);
  const fields = question.fields(16 << 20);
  question.demand(fields === undefined || areFields(fields, ['messages'], ASKED));
  const { refusals, request } = question;
  if (refusals.length > 0) return { refusals };
  const operations = fields.messages.map((text: string) => ({ op: 'append', message: text }));
  const { w = 'majority' } = fields;
  return outcome(node, { operations, kind: 'batch', w, idempotencyKey, target: request.target });
}

/** Each append is answered as if it had come alone; they enter the log in their order. */
function gathered(question: Question, node: ModelledNode): Expectation {
  question.demandOutside(['appends']);
  const fields = question.fields(16 << 20);
  question.demand(fields === undefined || areFields(fields, ['appends'], []));
  const { refusals, request } = question;
  if (refusals.length > 0) return { refusals };
  const wrong = (_: Json, { body }: WireAnswer): string | null => {
    const lines: Json[] = body
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    lines.sort((a, b) => a.n - b.n);
    const numbers = lines.map(({ n }) => n).join();
    if (numbers !== [...fields.appends.keys()].join()) return 'one line each was expected';
    return lines.map((line, n) => wrongLine(line, fields.appends[n])).find(Boolean) ?? null;
  };
  const wrongLine = (line: Json, append: Json): string | null => {
    const { target } = request;
    const expected = outcome(node, appendOf(append, append.idempotencyKey, target));
    const type = line.status < 300 ? 'application/json' : 'application/problem+json';
    const headers = new Map(Object.entries<string>({ 'content-type': type, ...line.headers }));
    const body = Buffer.from(JSON.stringify(line.body));
    return wrongIn(expected, { status: line.status, headers, body }, 'POST');
  };
  return { refusals, statuses: [200], wrong };
}

function change(question: Question, node: ModelledNode): Expectation {
  const key = keyIn(question);
  const idempotencyKey = question.idempotencyKey();
  const holds = precondition(question, node, key);
  const { query, request } = question;
  const { method, target, body } = request;
  const removes = method === 'DELETE';
  const must = removes ? [] : ['value'];
  if (removes) question.demandParts(['id', ...ASKED]);
  else question.demandOutside(['value', 'id', ...ASKED]);
  const fields = question.fields(undefined, removes && !body?.length ? {} : undefined);
  question.demand(fields === undefined || areFields(fields, must, ['id', ...ASKED]));
  const inQuery = removes ? askedIn(query) : {};
  question.demand(areFields(inQuery, [], ['id', ...ASKED]));
  const { refusals } = question;
  if (refusals.length > 0) return { refusals };
  const { w = 'all', id = null } = { ...inQuery, ...fields };
  const operations: Operation[] = [
    removes ? { op: 'remove', key } : { op: 'put', key, value: fields.value },
  ];
  return outcome(node, { operations, kind: 'key', w, idempotencyKey, holds, id, target });
}

/** What a Remove says in its query, as a body would. */
function askedIn(query: ReadonlyMap<string, string>): Json {
  const asked = Object.fromEntries(query);
  for (const name of ASKED) {
    if (/^(?:0|[1-9]\d*)$/.test(asked[name] ?? ''))
      Object.assign(asked, { [name]: Number(asked[name]) });
  }
  return asked;
}

function precondition(question: Question, { log }: ModelledNode, key: string): boolean {
  const match = question.header('if-match');
  const none = question.header('if-none-match');
  const index = log.value(key, log.last)?.index;
  if (match === undefined && none === undefined) return true;
  if (match === undefined || none !== undefined) {
    question.demand(match === undefined && none === '*');
    return index === undefined;
  }
  question.demand(match === '*' || /^(?:W\/)?"[^",]*"$/.test(match));
  return match === '*' ? index !== undefined : match === `"${index}"`;
}

function outcome(node: ModelledNode, write: Write): Expectation {
  const { log, master, size } = node;
  const { w, idempotencyKey, operations, kind } = write;
  if (node.role === 'secondary') return redirect(node, write);
  const request = JSON.stringify([kind === 'batch', operations]);
  const known = idempotencyKey === undefined ? undefined : log.keys.get(idempotencyKey);
  if (typeof w === 'number' && w > size) return { refusals: ['400 write-concern-unsatisfiable'] };
  if (known !== undefined && known.request !== request) {
    return { refusals: ['422 idempotency-key-reused'] };
  }
  if (known === undefined && write.holds === false)
    return { refusals: ['412 precondition-failed'] };
  const first = known?.first ?? log.last + 1;
  const last = first + operations.length - 1;
  const needed = w === 'majority' ? Math.floor(size / 2) + 1 : w === 'all' ? size : w;
  const wrong = (json: Json): string | null => {
    const members = known === undefined ? {} : { duplicate: true };
    const differing = differs(json, { ...membersOf(write, first, last), ...members }, [
      'acks',
      'ms',
    ]);
    const { acks, ms } = json;
    if (differing !== null) return differing;
    const distinct = new Set(acks).size === acks.length && acks.includes(master.node);
    return distinct && acks.length >= needed && ms >= 0 ? null : 'acks or ms cannot be';
  };
  const happened = ({ acks }: Json): void => {
    if (known === undefined) log.add(operations, request, idempotencyKey);
    node.acknowledged(last, acks);
  };
  const status = known !== undefined || kind === 'key' ? 200 : 201;
  return { refusals: [], statuses: [status], wrong, happened };
}

function membersOf({ kind, operations, w, id }: Write, first: number, last: number): object {
  const [operation] = operations;
  if (kind === 'batch') return { first, last, count: operations.length, w, durable: false };
  if (operation === undefined || operation.op === 'append')
    return { index: first, w, durable: false };
  return { result: 'OperationAck', id, key: operation.key, index: first };
}

function redirect({ master }: ModelledNode, { target }: Write): Expectation {
  const members = { type: '/problems/not-master', status: 307, code: 'not-master', master };
  const wrong = (json: Json, { headers }: WireAnswer): string | null =>
    headers.get('location') === `${master.url}${target}`
      ? differs(json, members, ['title', 'detail'])
      : `Location is not ${master.url}${target}`;
  return { refusals: [], statuses: [307], wrong };
}
