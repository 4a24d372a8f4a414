// What may be answered to a request, and whether an answer is that.

import { isDeepStrictEqual } from 'node:util';
import type { WireAnswer } from './wire-connection.ts';

/** Status and code of a problem document: `400 invalid-request`. */
export type Refusal = `${number} ${string}`;

// biome-ignore lint/suspicious/noExplicitAny: what the node has answered is looked into as it is.
export type Json = any;

export interface Expectation {
  /** Why the request is refused. Where there are several reasons, the contract does not say which
   * one is named; after any of them nothing has changed. Empty: it is not refused. */
  readonly refusals: Refusal[];
  /** Of an answer that is no refusal; the first is what is usual. */
  readonly statuses?: readonly number[];
  /** Says what is wrong with such an answer; null: nothing. */
  readonly wrong?: (json: Json, answer: WireAnswer) => string | null;
  /** Takes note of what such an answer has changed. */
  readonly happened?: (json: Json) => void;
}

/** Says what is wrong with the answer; null: nothing, and the model has taken note of it. */
export function wrongIn(
  { refusals, statuses = [], wrong, happened }: Expectation,
  answer: WireAnswer,
  method: string,
): string | null {
  const { status, headers, body } = answer;
  const said = `${status} ${body.toString('utf8', 0, 300)}`;
  const type = headers.get('content-type');
  if (method === 'HEAD') {
    const known = refusals.length > 0 ? refusals.map((one) => Number.parseInt(one, 10)) : statuses;
    return known.includes(status) ? null : `expected ${known.join(' or ')}, got ${said}`;
  }
  const json = /json$/.test(type ?? '') ? (parsed(body) as Json) : undefined;
  if (refusals.length > 0) {
    const fits = refusals.includes(`${status} ${json?.code}`) && isProblem(json, status, type);
    if (!fits) return `expected ${refusals.join(' or ')}, got ${said}`;
    return status === 405 && wrong !== undefined ? wrong(json, answer) : null;
  }
  if (!statuses.includes(status)) return `expected ${statuses.join(' or ')}, got ${said}`;
  const complaint = wrong?.(json, answer) ?? null;
  if (complaint !== null) return `${complaint}: ${said}`;
  happened?.(json);
  return null;
}

function isProblem(json: Json, status: number, type: string | undefined): boolean {
  const { type: kind, title, detail, code, errors } = json;
  const told = code !== 'invalid-request' || (Array.isArray(errors) && errors.every(isMistake));
  return (
    type === 'application/problem+json' &&
    kind === `/problems/${code}` &&
    json.status === status &&
    [title, detail].every((text) => typeof text === 'string' && text !== '') &&
    told
  );
}

const isMistake = ({ path, message }: Json): boolean =>
  typeof path === 'string' && typeof message === 'string' && message !== '';

/** Compares the members of an answer. Those that are `free` have to be there, whatever they say,
 * and nothing else may be. */
export function differs(json: Json, members: object, free: readonly string[] = []): string | null {
  for (const [name, value] of Object.entries(members)) {
    if (!isDeepStrictEqual(json?.[name], value)) return `${name} is not ${JSON.stringify(value)}`;
  }
  const names = Object.keys(json);
  const missing = free.find((name) => !names.includes(name));
  if (missing !== undefined) return `${missing} is missing`;
  const more = names.find((name) => !(name in members) && !free.includes(name));
  return more === undefined ? null : `${more} does not belong there`;
}

/** What the bytes say as JSON; undefined if they are none. */
export function parsed(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
