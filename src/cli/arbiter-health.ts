// What an arbiter says of itself, be it on its own or a launcher's, where commands expect a node.

import type { Candidate } from './arguments/node-selection.ts';
import { Refused } from './exit.ts';

/** What an arbiter says at `GET /health`. */
export interface ArbiterHealth {
  readonly role: 'arbiter';
  readonly master: { readonly node: string; readonly url: string } | null;
  readonly members: readonly { readonly node: string; readonly url: string }[];
}

/** Whether a node's answer, as it should be, is an arbiter's. */
export function isArbiter(health: unknown): health is ArbiterHealth {
  return (health as Partial<ArbiterHealth> | null)?.role === 'arbiter';
}

/** Like `arbiter: master n1 at http://127.0.0.1:4000, members n1 n2 n3`. */
export function arbiterLine({ master, members }: ArbiterHealth): string {
  const names = members.map(({ node }) => node).join(' ');
  const place = master === null ? 'no master yet' : `master ${master.node} at ${master.url}`;
  return `arbiter: ${place}, members ${names === '' ? 'none' : names}`;
}

/** The nodes that the arbiter at `url` has taken in. Throws Refused if there are none. */
export function nodesIn({ master, members }: ArbiterHealth, url: string): Candidate[] {
  if (members.length === 0) throw noneYet(url);
  return members.map(({ node, url: at }) => {
    return { node, role: node === master?.node ? 'master' : 'secondary', url: at };
  });
}

/** Nobody has joined the arbiter at `url`, so there is nobody to ask. */
export function noneYet(url: string): Refused {
  return new Refused(
    `${url} is an arbiter that no node has joined yet`,
    `\`replog node --join ${url}\` starts one`,
  );
}
