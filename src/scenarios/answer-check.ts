// One answer against what a scenario expects of it.

import { type Answer, answerText } from './answer.ts';
import type { AnswerExpectation } from './expectation.ts';
import { type Span, spanText, within } from './span.ts';
import { shown, type Unmet } from './unmet.ts';

/** Fields of an answer that are numbers with a tolerance. */
const NUMBERS = ['index', 'first', 'last', 'size', 'alive', 'needed'] as const;

/** Fields that must be exactly so. */
const EXACT = ['code', 'duplicate', 'durable', 'result', 'id', 'key', 'value', 'state'] as const;

/** Lists of nodes, in any order. */
const SETS = ['acks', 'missing'] as const;

/** The first expectation that this answer does not meet; null if it meets all. */
export function unmetIn(answer: Answer, expected: AnswerExpectation): Unmet | null {
  const whole = answerText(answer);
  const unmet = (field: string, text: string, value: unknown): Unmet => ({
    path: ['expect', field],
    expected: `${field} ${text}`,
    seen: `${shown(value)} (the answer: ${whole})`,
  });
  const { body, status, tookMs } = answer;
  if (expected.status !== undefined) {
    const possible = [expected.status].flat();
    if (!possible.includes(status)) return unmet('status', possible.join(' or '), status);
  }
  for (const field of EXACT) {
    const value = expected[field];
    // `duplicate` is left out of an answer that is none.
    const seen = field === 'duplicate' ? body[field] === true : body[field];
    if (value !== undefined && seen !== value) return unmet(field, shown(value), seen);
  }
  for (const field of NUMBERS) {
    const span = expected[field];
    if (span !== undefined && !isWithin(body[field], span)) {
      return unmet(field, spanText(span), body[field]);
    }
  }
  for (const field of SETS) {
    const nodes = expected[field];
    if (nodes !== undefined && sorted(body[field]) !== sorted(nodes)) {
      return unmet(field, nodes.join(' '), body[field]);
    }
  }
  const count = expected['acks-count'];
  if (count !== undefined && !isWithin(distinct(body.acks), count)) {
    return unmet('acks-count', spanText(count), body.acks);
  }
  const { took } = expected;
  if (took !== undefined && !within(tookMs, took)) {
    return unmet('took', spanText(took, ' ms'), `${Math.round(tookMs)} ms`);
  }
  return null;
}

function isWithin(value: unknown, span: Span): boolean {
  return typeof value === 'number' && within(value, span);
}

function distinct(nodes: unknown): number {
  return Array.isArray(nodes) ? new Set(nodes).size : 0;
}

function sorted(nodes: unknown): string {
  return Array.isArray(nodes) ? nodes.toSorted().join(' ') : 'none';
}
