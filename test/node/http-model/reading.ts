// What the reads may answer. A node that is behind shows the log as it was: any answer is right
// that is that of one moment, no earlier than what the node has shown before.

import { differs, type Expectation, type Json } from './expectation.ts';
import type { ModelledNode } from './model.ts';
import { compareBytes, type ModelledEntry } from './modelled-log.ts';
import { isIdempotencyKey, type Question } from './question.ts';
import type { WireAnswer } from './wire-connection.ts';

/** What is wrong with an answer of which the log ended at `upTo`; null: nothing. */
type WrongAt = (upTo: number, json: Json, answer: WireAnswer) => string | null;

export function reading(question: Question, node: ModelledNode): Expectation {
  const { path } = question;
  if (path === '/messages') return messages(question, node);
  if (path === '/log') return log(question, node);
  if (path.startsWith('/log/')) return entry(question, node);
  if (path.startsWith('/outcomes')) return outcome(question, node);
  return path === '/kv' ? keys(question, node) : key(question, node);
}

function messages(question: Question, node: ModelledNode): Expectation {
  const from = question.count('from');
  const limit = question.count('limit');
  return read(question, node, ['from', 'limit'], [200], (upTo, json) => {
    const append = ({ op }: ModelledEntry): boolean => op === 'append';
    const page = node.log.page(from ?? 1, upTo, limit ?? Number.POSITIVE_INFINITY, append);
    const texts = page.entries.map((one) => (one.op === 'append' ? one.message : ''));
    const next = from === undefined && limit === undefined ? {} : { next: page.next };
    return differs(json, { messages: texts, lastIndex: upTo, ...next });
  });
}

function log(question: Question, node: ModelledNode): Expectation {
  const from = question.count('from') ?? 1;
  const limit = question.count('limit', 10_000) ?? 1_000;
  return read(question, node, ['from', 'limit'], [200], (upTo, json) => {
    const page = node.log.page(from, upTo, limit, () => true);
    const { entries, ...rest } = json;
    const wrong = differs(rest, { lastIndex: upTo, next: page.next }, ['commitIndex']);
    if (wrong !== null) return wrong;
    if (entries.length !== page.entries.length) return `${page.entries.length} were expected`;
    const { commitIndex } = json;
    if (commitIndex < node.committed || commitIndex > upTo) return 'commitIndex cannot be';
    return page.entries.map((one, i) => differsFrom(entries[i], one)).find(Boolean) ?? null;
  });
}

function entry(question: Question, node: ModelledNode): Expectation {
  const text = question.tail('/log/');
  question.demand(/^(?:0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text)));
  return read(question, node, [], [200, 404], (upTo, json, { status }) => {
    const index = Number(text);
    const found = index <= upTo ? node.log.entries[index - 1] : undefined;
    if (found === undefined) return json.code === 'not-found' ? null : 'there is no such entry';
    return status === 200 ? differsFrom(json, found) : 'there is such an entry';
  });
}

/** What a client is shown of an entry; `at` in milliseconds. */
export function differsFrom(json: Json, entry: ModelledEntry): string | null {
  const inTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(json.at);
  return inTime ? differs(json, entry, ['epoch', 'at']) : 'at is no time';
}

function outcome(question: Question, node: ModelledNode): Expectation {
  const inQuery = question.path === '/outcomes';
  const text = inQuery ? question.query.get('idempotencyKey') : question.tail('/outcomes/');
  question.demand(isIdempotencyKey(text));
  const parts = inQuery ? ['idempotencyKey'] : [];
  return read(question, node, parts, [200, 404], (upTo, json, { status }) => {
    const known = node.log.keys.get(text ?? '');
    if (known === undefined || known.last > upTo) {
      return json.code === 'unknown-outcome' ? null : 'nothing has that key';
    }
    if (status !== 200) return 'something has that key';
    return differs(json, { state: 'stored', index: known.first }, ['acks']);
  });
}

function keys(question: Question, node: ModelledNode): Expectation {
  const limit = question.count('limit', 10_000) ?? 1_000;
  const prefix = question.query.get('prefix') ?? '';
  const after = question.query.get('after');
  return read(question, node, ['prefix', 'after', 'limit'], [200], (upTo, json) => {
    const behind = (text: string): boolean => after === undefined || compareBytes(text, after) > 0;
    const all = node.log.values(upTo).filter((one) => one.key.startsWith(prefix));
    const items = all.filter((one) => behind(one.key));
    const page = items.slice(0, limit);
    const next = items.length > limit ? page.at(-1)!.key : null;
    return differs(json, { items: page, next });
  });
}

function key(question: Question, node: ModelledNode): Expectation {
  const name = keyIn(question);
  const id = question.query.get('id') ?? null;
  return read(question, node, ['id'], [200, 404], (upTo, json, { status, headers }) => {
    const found = node.log.value(name, upTo);
    const members = { result: 'GetResult', id, key: name, value: null, ...found };
    if (status !== (found === null ? 404 : 200)) return 'another status is right';
    if (headers.get('content-type') !== 'application/json') return 'it is no problem document';
    return differs(json, members);
  });
}

/** The key in the path. */
export function keyIn(question: Question): string {
  const name = question.tail('/kv/');
  const bytes = Buffer.byteLength(name);
  question.demand(bytes >= 1 && bytes <= 1_024);
  return name;
}

function read(
  question: Question,
  node: ModelledNode,
  parts: readonly string[],
  statuses: readonly number[],
  wrongAt: WrongAt,
): Expectation {
  const level = question.query.get('read') ?? 'local';
  question.demandParts(['read', ...parts]);
  question.demand(['local', 'majority', 'linearizable'].includes(level));
  const { refusals } = question;
  if (level === 'linearizable' && node.role === 'secondary') {
    if (refusals.length === 0) question.refuse('503 not-linearizable');
    return { refusals };
  }
  const current = node.role === 'master' ? node.log.last : node.shown;
  const earliest = level === 'majority' ? node.committed : current;
  const wrong = (json: Json, answer: WireAnswer): string | null => {
    let complaint: string | null = null;
    for (let upTo = node.log.last; upTo >= earliest; upTo -= 1) {
      const atThat = wrongAt(upTo, json, answer);
      if (atThat === null) return null;
      complaint ??= atThat;
    }
    return complaint;
  };
  return { refusals, statuses, wrong, happened: (json) => remember(node, level, json) };
}

/** Notes how far the node has shown the log: it never goes back behind that. */
function remember(node: ModelledNode, level: string, { lastIndex = 0, commitIndex = 0 }: Json) {
  node.shown = Math.max(node.shown, level === 'local' ? lastIndex : 0);
  const majority = level === 'local' ? commitIndex : lastIndex;
  node.committed = Math.max(node.committed, majority);
}
