// Which nodes a step of a scenario names, and where: so that a name that is no node's is found by
// reading the file, not when the play has come to it.

import type { Verb } from './step.ts';

/** A node, and its place from the step on. */
export interface NamedNode {
  readonly node: string;
  readonly at: readonly (string | number)[];
}

/** Names that mean several nodes, or whoever it is at that moment. */
export const GROUPS: ReadonlySet<string> = new Set(['all', 'secondaries', 'master']);

/** Verbs whose own value is a node, or a list. */
const NODE_VERBS: ReadonlySet<Verb> = new Set<Verb>([
  ...(['fault', 'clear', 'partition', 'kill', 'pause', 'resume', 'stop', 'start'] as const),
  ...(['restart', 'restart-empty', 'leave'] as const),
]);

/** Parts of a step that hold expectations. */
const EXPECTING = ['expect', 'check', 'wait-until', 'then'] as const;

/** Expectations that list nodes. */
const LISTS = ['acks', 'missing', 'members', 'same', 'beginning', 'caught-up'] as const;

/** Expectations with a line for each node. */
const TABLES = [
  ...(['messages', 'keys', 'last-index', 'status', 'silence', 'transitions'] as const),
  ...(['attempts', 'hits', 'state'] as const),
];

/** All of them. What has the wrong type is none of this one's business. */
export function nodesNamed(verb: Verb, step: Readonly<Record<string, unknown>>): NamedNode[] {
  const own = NODE_VERBS.has(verb) ? listed([verb], step[verb]) : [];
  const expected = EXPECTING.flatMap((part) => {
    const fields = step[part];
    if (!isRecord(fields)) return [];
    const lists = LISTS.flatMap((field) => listed([part, field], fields[field]));
    const tables = TABLES.flatMap((field) => {
      const table = fields[field];
      if (!isRecord(table)) return [];
      return Object.keys(table).map((node) => ({ node, at: [part, field, node] }));
    });
    return [...lists, ...tables];
  });
  return [...own, ...listed(['at'], step.at), ...expected];
}

function listed(at: readonly string[], meant: unknown): NamedNode[] {
  return [meant].flat().flatMap((node) => (typeof node === 'string' ? [{ node, at }] : []));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
