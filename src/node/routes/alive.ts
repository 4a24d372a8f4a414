// What every process answers, whatever it is: that it lives, and the echo that is the cluster's
// ping (contract, section 5).

import * as z from 'zod';
import { ok } from '../api/success.ts';
import { json } from '../http/answer.ts';
import { BODY_LIMIT, readBody } from '../http/body.ts';
import { type Call, header } from '../http/call.ts';
import type { Route } from '../http/route.ts';

export function aliveRoutes(): Route[] {
  return [
    {
      method: 'GET',
      path: '/livez',
      access: 'client',
      doc: {
        id: 'readLiveness',
        summary: 'Whether the process works',
        success: [{ status: 200, description: 'It does.', schema: ok }],
      },
      direct: true,
      handle: () => json(200, { status: 'ok' }),
    },
    {
      method: 'POST',
      path: '/echo',
      access: 'client',
      doc: {
        id: 'echo',
        summary: 'Answers with the body it got and the same content type',
        body: { schema: z.unknown(), any: true },
        success: [{ status: 200, description: 'The same body.', contentType: '*/*' }],
        problems: ['too-large', 'overloaded'],
      },
      handle: echo,
    },
  ];
}

async function echo(call: Call): Promise<Response> {
  const body = await readBody(call, BODY_LIMIT);
  const type = header(call, 'content-type') ?? 'application/octet-stream';
  const headers = { 'content-type': type, 'x-content-type-options': 'nosniff' };
  return new Response(new Uint8Array(body), { headers });
}
