// Requests by ky.

import type { KyInstance } from 'ky';
import { reasonOf } from '../errors.ts';
import {
  type Answer,
  brokenOff,
  chunksOf,
  codesOf,
  neverSent,
  type Wire,
  WireFailure,
} from './wire.ts';

/** Stands in for the global fetch, e.g. to talk to an application without a port. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Requests go to that `fetch`. */
export function kyWire(fetch: Fetch): Wire {
  // Loaded by the first request: it has Node load its own fetch, which takes a tenth of a second
  // that a program without a `fetch` of its own need not wait for.
  let loading: Promise<KyInstance> | null = null;
  return async (url, { method, headers, body, signal }) => {
    loading ??= loaded(fetch);
    const send = await loading;
    const sent = send(url, {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    return answerOf(await sent.catch(failed));
  };
}

function answerOf(response: Response): Answer {
  const { status, headers, body } = response;
  return {
    status,
    headers,
    body: body === null ? null : chunksOf(body),
    text: () => response.text().catch(brokenOff),
  };
}

function failed(error: unknown): never {
  const codes = codesOf(error);
  // fetch refuses some port numbers by itself and gives that refusal no code.
  const refused = neverSent(codes, 'UND_ERR_CONNECT_TIMEOUT') || reasonOf(error) === 'bad port';
  throw new WireFailure(error, !refused, codes.includes('UND_ERR_HEADERS_TIMEOUT'));
}

async function loaded(fetch: Fetch): Promise<KyInstance> {
  const { default: ky } = await import('ky');
  return ky.create({
    retry: 0,
    timeout: false,
    redirect: 'manual',
    throwHttpErrors: false,
    fetch,
  });
}
