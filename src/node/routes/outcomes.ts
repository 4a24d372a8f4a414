// What became of a write whose answer was lost (contract, section 3). Any node may be asked.

import type { LogIndex } from '../../core/ids.ts';
import { shownUpTo } from '../api/read-level.ts';
import { levelQuery, outcomeQuery, type ReadLevel } from '../api/schemas.ts';
import { stored } from '../api/success.ts';
import { json, toResponse } from '../http/answer.ts';
import { type Call, checkedKey, tailOf } from '../http/call.ts';
import { problem } from '../http/problems.ts';
import { readQuery } from '../http/query.ts';
import type { Route, Site } from '../http/route.ts';

export function outcomeRoutes(site: Site): Route[] {
  return [
    {
      method: 'GET',
      path: '/outcomes/:idempotencyKey{.+}',
      access: 'client',
      doc: {
        id: 'readOutcome',
        summary: 'Whether the write with this Idempotency-Key is in the log',
        params: { idempotencyKey: 'The key that was sent with the write, URL-encoded.' },
        query: levelQuery,
        success: [{ status: 200, description: 'It is in the log.', schema: stored }],
        problems: ['unknown-outcome', 'not-linearizable', 'not-ready'],
      },
      handle: (call) => {
        const { read } = readQuery(call, levelQuery);
        const key = tailOf(call, '/outcomes/', 'Idempotency-Key');
        return outcome(site, call, checkedKey(key), read);
      },
    },
    {
      method: 'GET',
      path: '/outcomes',
      access: 'client',
      doc: {
        id: 'findOutcome',
        summary: 'The same, with the key in the query',
        description: 'For the keys `.` and `..`, which cannot stand in a path, and for any other.',
        query: outcomeQuery,
        success: [{ status: 200, description: 'It is in the log.', schema: stored }],
        problems: ['unknown-outcome', 'not-linearizable', 'not-ready'],
      },
      handle: (call) => {
        const { read, idempotencyKey } = readQuery(call, outcomeQuery);
        return outcome(site, call, idempotencyKey, read);
      },
    },
  ];
}

async function outcome(site: Site, call: Call, key: string, read: ReadLevel): Promise<Response> {
  const { engine } = site;
  const upTo = await shownUpTo(site, read, call);
  const found = engine.findKey(key);
  const last = found === undefined ? 0 : found.first + found.count - 1;
  if (found === undefined || last > upTo) {
    const detail = 'No operation with this key is in what this node may show.';
    return toResponse(problem('unknown-outcome', detail));
  }
  const acks = engine.holders(last as LogIndex);
  return toResponse(json(200, { state: 'stored', index: found.first, acks }));
}
