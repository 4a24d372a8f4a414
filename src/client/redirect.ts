// Where a refusal points: writes are the master's business (`307 not-master`), and so are reads
// that only a master can prove current (`503 not-linearizable`, from whoever is none).

import { addressOf } from './problems.ts';
import { baseUrl } from './wire/base-url.ts';
import type { Reply } from './wire/link.ts';

/** Base URL of the master that an answer sends to; null if it names none. */
export function masterIn(reply: Reply): string | null {
  const members = reply.body as { code?: unknown; master?: unknown } | undefined;
  const redirects = reply.status === 307;
  if (!redirects && members?.code !== 'not-linearizable') return null;
  const location = redirects ? reply.headers.get('location') : null;
  const named = addressOf(members?.master)?.url ?? originOf(location, reply.url);
  try {
    const master = named === null ? null : baseUrl(named);
    // One that refuses although it is the master has said all that there is to say.
    return !redirects && master !== null && reply.url.startsWith(`${master}/`) ? null : master;
  } catch {
    // A master whose URL cannot be used is as good as none.
    return null;
  }
}

function originOf(location: string | null, from: string): string | null {
  return location !== null && URL.canParse(location, from) ? new URL(location, from).origin : null;
}
