// An answer to a request of a scenario, and what it means for what was asked.

import type { WriteRecord } from '../check/history/history.ts';

/** What came back. */
export interface Answer {
  /** HTTP status; 0: no answer came, because the connection broke. */
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** From sending to the end of the answer, in milliseconds. */
  readonly tookMs: number;
  /** Status 0: false if certainly nothing arrived at the node. */
  readonly sent: boolean;
}

/** What a writing client knows after this answer (contract, section 3). */
export function outcomeOf({ status, body, sent }: Answer): WriteRecord['outcome'] {
  if (status === 200 || status === 201) return 'ok';
  if (status === 0) return sent ? 'unknown' : 'refused';
  // A time limit, or a shutdown that names an index: it is in the log.
  if (status === 504 || (status === 503 && 'index' in body)) return 'unknown';
  return status === 500 ? 'unknown' : 'refused';
}

/** Where the write stands, if the answer says so. */
export function placeOf({ body }: Answer): { first?: number; last?: number } {
  const first = body.first ?? body.index;
  const last = body.last ?? body.index;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return {};
  return { first: first as number, last: last as number };
}

/** The answer in a few words: `201 · index 3 · on n1 n2 · after 12 ms`. */
export function answerText(answer: Answer): string {
  const { status, body, tookMs } = answer;
  const took = `${Math.round(tookMs).toLocaleString('en-US')} ms`;
  if (status === 0) return `no answer (${took})`;
  const { first, last } = placeOf(answer);
  const acks = Array.isArray(body.acks) ? body.acks.toSorted().join(' ') : '';
  const problem = typeof body.code === 'string' ? body.code : body.result;
  const parts = [
    `${status}`,
    typeof problem === 'string' ? problem : '',
    body.duplicate === true ? 'duplicate' : '',
    body.durable === true ? 'durable' : '',
    typeof body.state === 'string' ? body.state : '',
    body.id === undefined || body.id === null ? '' : `id ${JSON.stringify(body.id)}`,
    first === undefined ? '' : first === last ? `index ${first}` : `indexes ${first}-${last}`,
    acks === '' ? '' : `on ${acks}`,
    body.result === 'GetResult' ? `value ${JSON.stringify(body.value)}` : '',
    Array.isArray(body.missing) ? `missing ${body.missing.join(' ')}` : '',
    `after ${took}`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
