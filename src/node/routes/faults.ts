// `/faults`: what goes wrong on purpose. These routes exist only on nodes started with --faults.

import * as z from 'zod';
import { noQuery } from '../api/schemas.ts';
import { faultSettings, hits } from '../faults/fault-settings.ts';
import type { Faults } from '../faults/faults.ts';
import { json, toResponse } from '../http/answer.ts';
import { BODY_LIMIT, readJson } from '../http/body.ts';
import { readQuery } from '../http/query.ts';
import type { Route } from '../http/route.ts';

const view = z.strictObject({ faults: faultSettings, hits });
const SUCCESS = [
  { status: 200, description: 'The faults, and how often each struck.', schema: view },
];

export function faultRoutes(faults: Faults): Route[] {
  const shown = (): Response => toResponse(json(200, faults.view()));
  return [
    {
      method: 'GET',
      path: '/faults',
      access: 'peer',
      doc: { id: 'readFaults', summary: 'The faults that are set', success: SUCCESS },
      handle: shown,
    },
    {
      method: 'PUT',
      path: '/faults',
      access: 'peer',
      doc: {
        id: 'replaceFaults',
        summary: 'Replace all faults',
        description: 'The counters start at 0 again. What was held goes through if it is lifted.',
        body: { schema: faultSettings },
        success: SUCCESS,
        problems: ['unsupported-media-type', 'too-large', 'overloaded'],
      },
      handle: async (call) => {
        faults.replace(await readJson(call, BODY_LIMIT, faultSettings));
        return shown();
      },
    },
    {
      method: 'DELETE',
      path: '/faults',
      access: 'peer',
      doc: { id: 'clearFaults', summary: 'Remove all faults', query: noQuery, success: SUCCESS },
      handle: (call) => {
        // Who names some of them here would lose all.
        readQuery(call, noQuery);
        faults.clear();
        return shown();
      },
    },
  ];
}
