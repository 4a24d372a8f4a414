// A launcher as commands meet it: three nodes, one of them stopped.

import type { ServerResponse } from 'node:http';
import { type Hit, sendJson, sendProblem } from '../client/stub-server.ts';

export const NODES = [
  { node: 'n1', role: 'master', url: 'http://x:1', pid: 11, state: 'running' },
  { node: 'n2', role: 'secondary', url: 'http://x:2', pid: 12, state: 'running' },
  { node: 'n3', role: 'secondary', url: 'http://x:3', pid: null, state: 'stopped' },
];

/** Answers as a launcher does. */
export function launch({ path, method }: Hit, response: ServerResponse): void {
  const [, , , id = ''] = path.split('/');
  const node = NODES.find((candidate) => candidate.node === id);
  if (path === '/cluster') sendJson(response, 200, { name: 'one', nodes: NODES, removed: [] });
  else if (path === '/cluster/nodes' && method === 'POST') sendJson(response, 201, NODES[2]);
  else if (node !== undefined) sendJson(response, 200, node);
  else sendProblem(response, 404, 'unknown-node');
}
