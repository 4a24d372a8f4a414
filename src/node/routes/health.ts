// What a node says of itself: health, readiness, metrics (contract, section 5).

import * as z from 'zod';
import type { MemberReport, NodeStatus } from '../../core/status.ts';
import { followerHealth, masterHealth, ok } from '../api/success.ts';
import type { Clock } from '../clock.ts';
import { json } from '../http/answer.ts';
import { problem } from '../http/problems.ts';
import type { Route, Site } from '../http/route.ts';
import type { Engine } from '../runtime/engine.ts';

export function healthRoutes(site: Site): Route[] {
  return [
    {
      method: 'GET',
      path: '/health',
      access: 'client',
      doc: {
        id: 'readHealth',
        summary: 'Role, positions, members and their state',
        description: '200 as long as the process works, whatever it reports.',
        success: [
          {
            status: 200,
            description: 'The state as this node sees it.',
            schema: z.union([masterHealth, followerHealth]),
          },
        ],
      },
      direct: true,
      handle: () => {
        const state = health(site.engine.status(), site.clock);
        const damage = site.damage?.report ?? null;
        return json(200, damage === null ? state : { ...state, damage });
      },
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'client',
      doc: {
        id: 'readReadiness',
        summary: 'Whether the node has a role and has replayed its log',
        description:
          'A master that starts with nothing, and whose members answer, is ready when it has ' +
          'fetched what they hold. Without a quorum it is ready as it is: reads go on.',
        success: [{ status: 200, description: 'It is ready.', schema: ok }],
        problems: ['not-ready'],
      },
      direct: true,
      handle: () => {
        const lacking = lackingIn(site.engine);
        return lacking === null ? json(200, { status: 'ok' }) : problem('not-ready', lacking);
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'client',
      doc: {
        id: 'readMetrics',
        summary: 'Metrics in the Prometheus text format',
        success: [{ status: 200, description: 'The metrics.', contentType: 'text/plain' }],
      },
      handle: async () => {
        const { contentType, text } = await site.metrics.scrape();
        return new Response(text, { headers: { 'content-type': contentType } });
      },
    },
  ];
}

/** What keeps the node from being ready, as a sentence; null: nothing. */
function lackingIn(engine: Engine): string | null {
  const state = engine.status();
  if (state.role === null) return 'The node has no role yet.';
  if (state.role !== 'master' || !state.recovering) return null;
  const empty = !engine.persistence.durable || state.lastIndex === 0;
  // It would list nothing, and all that it had a moment later. Where nobody can tell it what it
  // had, it may be long until it can write, and no reader is to wait for that.
  const soon = state.quorum.alive >= state.quorum.needed;
  return empty && soon ? 'The master is still fetching what its members hold.' : null;
}

/** The body of `GET /health`, with the fields of the contract and no others: only a node that found
 * damage says more, and a master that can be replaced. */
function health(status: NodeStatus, clock: Clock): object {
  const { node, epoch, lastIndex, commitIndex } = status;
  if (status.role !== 'master') {
    const { role, master } = status;
    return { node, role, epoch, master, lastIndex, commitIndex, status: 'ok' };
  }
  const { role, mode, reason, quorum } = status;
  const members = status.members.map((report) => member(report, clock));
  const own = status.failover ? { failover: true } : {};
  return { node, role, epoch, mode, reason, lastIndex, commitIndex, quorum, members, ...own };
}

function member(report: MemberReport, clock: Clock): unknown {
  return {
    node: report.node,
    url: report.url,
    role: report.role,
    status: report.status,
    since: new Date(clock.wallMs(report.since)).toISOString(),
    lastHeartbeatMs: whole(report.lastHeartbeatMs),
    ackedIndex: report.ackedIndex,
    lagEntries: report.lagEntries,
    lagMs: whole(report.lagMs),
    attempts: report.attempts,
    retryInMs: whole(report.retryInMs),
    lastError: report.lastError,
  };
}

const whole = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));
