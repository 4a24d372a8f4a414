// How many connections a server takes at a time, and who hears that there are no more. The rule:
// clients that hold on to connections must not use up the files that a process may open. What it
// needs to work for the others, its log's segments and its own connections to peers, is kept back.

import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';

/** What a node with a few peers has open, and what else it may need at a time: a part of what
 * there is, and no more than `max`. */
const KEPT_BACK = { start: 32, part: 1 / 4, max: 104 } as const;

/** Of the connections that are wanted, so many as `openFiles`, which the process may have open at a
 * time, allows; null: it is not known. There is room for one at least. */
export function connectionRoom(wanted: number, openFiles: number | null): number {
  if (openFiles === null) return wanted;
  const rest = openFiles - KEPT_BACK.start;
  const forConnections = rest - Math.min(KEPT_BACK.max, Math.ceil(rest * KEPT_BACK.part));
  return Math.max(1, Math.min(wanted, forConnections));
}

/** Files and connections that this process may have open at a time; null: the system does not say
 * it, or sets no limit. */
export function openFilesMax(): number | null {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    // Only Linux has that file. Elsewhere the limit is met when it is met.
    return null;
  }
}

/** Calls back when a connection was refused for want of room, and again only after half of them had
 * gone: whoever lingers at the limit is one piece of news. */
export function watchRoom(server: Server, connections: ReadonlySet<unknown>, full: () => void) {
  let told = false;
  server.on('drop', () => {
    if (told) return;
    told = true;
    full();
  });
  server.on('connection', () => {
    if (connections.size <= server.maxConnections / 2) told = false;
  });
}
