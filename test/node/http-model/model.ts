// A node of a cluster as the contract describes it to its clients: one request after another, no
// sockets, no time. It says what may be answered to any request, and keeps the log that follows.

import { differs, type Expectation, type Json } from './expectation.ts';
import type { ModelledLog } from './modelled-log.ts';
import { Question } from './question.ts';
import { reading } from './reading.ts';
import type { WireAnswer, WireRequest } from './wire-connection.ts';
import { writing } from './writing.ts';

export interface ModelledNode {
  readonly node: string;
  readonly role: 'master' | 'secondary';
  readonly master: { readonly node: string; readonly url: string };
  /** Nodes of the cluster, which is also its configured size. */
  readonly size: number;
  /** The cluster's one log. */
  readonly log: ModelledLog;
  /** Up to here this node is known to show the log, and to know that it is on a majority. */
  shown: number;
  committed: number;
  /** Called with who has acknowledged everything up to `index`. */
  acknowledged(index: number, nodes: readonly string[]): void;
}

/** Verbs of each path, in the order of the contract. */
const PATHS: readonly (readonly [path: RegExp, verbs: readonly string[]])[] = [
  [/^\/messages$/, ['GET', 'POST']],
  [/^\/messages\/(?:batch|gathered)$/, ['POST']],
  [/^\/log$/, ['GET']],
  [/^\/log\/[^/]+$/, ['GET']],
  [/^\/outcomes$/, ['GET']],
  [/^\/outcomes\/.+$/, ['GET']],
  [/^\/kv$/, ['GET']],
  [/^\/kv\/.*$/, ['GET', 'PUT', 'DELETE']],
  [/^\/(?:health|livez|readyz|metrics|openapi\.json)$/, ['GET']],
  [/^\/echo$/, ['POST']],
];

export function expectationOf(request: WireRequest, node: ModelledNode): Expectation {
  const question = new Question(request);
  const { path, refusals } = question;
  const verbs = PATHS.find(([pattern]) => pattern.test(path))?.[1];
  if (verbs === undefined) {
    question.refuse('404 not-found');
    return { refusals };
  }
  const verb = request.method === 'HEAD' ? 'GET' : request.method;
  if (!verbs.includes(verb)) {
    question.refuse('405 method-not-allowed');
    return { refusals, wrong: (_, answer) => wrongAllow(verbs, answer) };
  }
  if (path === '/echo') return echoing(question);
  if (verb !== 'GET') return writing(question, node);
  if (/^\/(?:messages|log|outcomes|kv)/.test(path)) return reading(question, node);
  const wrong = (json: Json): string | null =>
    path === '/health' ? differsFromNode(json, node) : null;
  return { refusals, statuses: [200], wrong };
}

function wrongAllow(verbs: readonly string[], { headers }: WireAnswer): string | null {
  const allow = [...verbs, ...(verbs.includes('GET') ? ['HEAD'] : [])].join(', ');
  return headers.get('allow') === allow ? null : `Allow is not ${allow}`;
}

function echoing(question: Question): Expectation {
  question.demandLength();
  const { request, refusals } = question;
  const type = question.header('content-type');
  const wrong = (_: Json, { body, headers }: WireAnswer): string | null => {
    if (!body.equals(request.body ?? Buffer.alloc(0))) return 'the echo is another one';
    return type === undefined || headers.get('content-type') === type ? null : 'so is its type';
  };
  return { refusals, statuses: [200], wrong };
}

function differsFromNode(json: Json, { node, role, log }: ModelledNode): string | null {
  const { lastIndex } = json;
  return differs(
    { node: json.node, role: json.role, lastIndex },
    { node, role, lastIndex: role === 'master' ? log.last : lastIndex },
  );
}
