// Requests by ky.

import type { KyInstance } from 'ky';
import type { Wire } from './wire.ts';

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
    return send(url, {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  };
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
