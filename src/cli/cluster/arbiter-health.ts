// What an arbiter says of itself, be it on its own or a launcher's, where commands expect a node.

import type { Candidate } from '../arguments/node-selection.ts';
import { Refused } from '../exit.ts';

/** What an arbiter says at `GET /health`. */
export interface ArbiterHealth {
  readonly role: 'arbiter';
  readonly master: { readonly node: string; readonly url: string } | null;
  readonly members: readonly { readonly node: string; readonly url: string }[];
  /** Another arbiter is in charge, or nobody; absent: this one is. */
  readonly standby?: boolean;
  /** Where it stands by: the URL of that one; null: nobody is known to be in charge. */
  readonly inCharge?: string | null;
}

/** Whether a node's answer, as it should be, is an arbiter's. */
export function isArbiter(health: unknown): health is ArbiterHealth {
  return (health as Partial<ArbiterHealth> | null)?.role === 'arbiter';
}

/** Like `arbiter: master n1 at http://127.0.0.1:4000, members n1 n2 n3`. */
export function arbiterLine({ inCharge, master, members, standby }: ArbiterHealth): string {
  if (standby) return `arbiter: it stands by, ${inChargeIn(inCharge)}`;
  const names = members.map(({ node }) => node).join(' ');
  const place = master === null ? 'no master yet' : `master ${master.node} at ${master.url}`;
  return `arbiter: ${place}, members ${names === '' ? 'none' : names}`;
}

function inChargeIn(url: string | null = null): string {
  return url === null ? 'nobody is known to be in charge' : `${url} is in charge`;
}

/** The nodes that the arbiter at `url` has taken in. Throws Refused if there are none. */
export function nodesIn(health: ArbiterHealth, url: string): Candidate[] {
  const { master, members } = health;
  if (members.length === 0) throw noneYet(health, url);
  return members.map(({ node, url: at }) => {
    return { node, role: node === master?.node ? 'master' : 'secondary', url: at };
  });
}

/** The arbiter at `url` knows nobody, so there is nobody to ask. */
export function noneYet({ inCharge = null, standby }: ArbiterHealth, url: string): Refused {
  if (standby) {
    const place = inCharge === null ? '' : `, ${inCharge}`;
    return new Refused(
      `${url} is an arbiter that stands by, and knows no node`,
      `give the --url of a node, or of the arbiter in charge${place}`,
    );
  }
  return new Refused(
    `${url} is an arbiter that no node has joined yet`,
    `\`replog node --join ${url}\` starts one`,
  );
}
