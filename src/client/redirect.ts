// Where a `307 not-master` points: writes, and some reads, are the master's business.

import { baseUrl } from './base-url.ts';
import type { Reply } from './link.ts';
import { addressOf } from './problems.ts';

/** Base URL of the master that a redirect names; null if it names none. */
export function masterIn(reply: Reply): string | null {
  if (reply.status !== 307) return null;
  const members = reply.body as { master?: unknown } | undefined;
  const location = reply.headers.get('location');
  const named = addressOf(members?.master)?.url ?? originOf(location, reply.url);
  try {
    return named === null ? null : baseUrl(named);
  } catch {
    // A master whose URL cannot be used is as good as none.
    return null;
  }
}

function originOf(location: string | null, from: string): string | null {
  return location !== null && URL.canParse(location, from) ? new URL(location, from).origin : null;
}
