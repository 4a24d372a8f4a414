// `GET /log/:index/story`: what became of one operation on this node, from its trace.

import * as z from 'zod';
import type { LogIndex } from '../../core/ids.ts';
import type { NodeStatus } from '../../core/status.ts';
import { entryIndex } from '../api/entry-index.ts';
import { indexOut, nodeOut } from '../api/success.ts';
import { json, toResponse } from '../http/answer.ts';
import { type Call, decoded, rawPath } from '../http/call.ts';
import { problem } from '../http/problems.ts';
import type { Route, Site } from '../http/route.ts';
import { LongWork, TURN_WEIGHT } from '../long-work.ts';
import { entryAt } from '../reading/log-reader.ts';
import { storyOf } from '../story/story.ts';

const storyOut = z.strictObject({
  index: indexOut,
  node: nodeOut,
  complete: z.boolean().meta({
    description: 'False: parts fell out of the trace, or happened before this process began.',
  }),
  lines: z.array(
    z.strictObject({
      at: z.iso.datetime().meta({ description: "By this node's clock." }),
      ms: z.number().meta({ description: 'Milliseconds since the first line.' }),
      event: z.string(),
      peer: z.string().nullable().meta({ description: 'The other node, where there is one.' }),
      text: z.string().meta({ description: 'One plain sentence.' }),
    }),
  ),
});

export function storyRoutes(site: Site): Route[] {
  const telling = new LongWork();
  return [
    {
      method: 'GET',
      path: '/log/:index/story',
      access: 'client',
      doc: {
        id: 'readStory',
        summary: 'What became of one operation on this node',
        description: 'From a bounded trace in memory: the older it is, the less is known.',
        params: { index: 'Its place in the log.' },
        success: [{ status: 200, description: 'The story.', schema: storyOut }],
        problems: ['not-found', 'damaged-log'],
      },
      handle: (call) => story(site, telling, call),
    },
  ];
}

/** A story is looked for in all that the trace holds: one is told in each turn of `telling`. */
async function story(site: Site, telling: LongWork, call: Call): Promise<Response> {
  const index = indexOf(call);
  await telling.turn(TURN_WEIGHT);
  const { persistence } = site.engine;
  const within = index >= 1 && index <= persistence.lastIndex;
  const entry = within ? await entryAt(persistence, index as LogIndex, null) : null;
  const status = site.engine.status();
  const now = site.clock.monotonicMs();
  const told = storyOf({
    node: status.node,
    index,
    entry,
    durable: persistence.durable,
    trace: site.trace,
    nodeAt: (url) => nodeAt(status, url),
    master: status.role === 'master' ? status.node : (status.master?.node ?? null),
    lacking: (having) => lacking(status, having),
    now,
    wallMs: site.clock.wallMs(now),
  });
  if (told !== null) return toResponse(json(200, told));
  return toResponse(problem('not-found', `This node knows nothing of index ${index}.`));
}

function indexOf(call: Call): number {
  const text = decoded(rawPath(call.req.url).split('/')[2] ?? '', 'index');
  return entryIndex(text, 'index');
}

function nodeAt(status: NodeStatus, url: string): string | null {
  if (status.role !== 'master') return null;
  return status.members.find((member) => member.url === url)?.node ?? null;
}

function lacking(status: NodeStatus, having: ReadonlySet<string>): string | null {
  if (status.role !== 'master') return null;
  const missing = status.members.filter(({ node }) => !having.has(node));
  const named = missing.map((member) => {
    return member.status === 'Healthy' ? member.node : `${member.node} (now ${member.status})`;
  });
  return named.length === 0 ? null : named.join(', ');
}
