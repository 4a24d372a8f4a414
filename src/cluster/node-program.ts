// How the launcher starts a node: which program, with which arguments. Secrets go through the
// environment, never through arguments, which every user of the machine can read.

import { fileURLToPath } from 'node:url';
import type { Tokens } from '../node/http/tokens.ts';
import type { NodePlace } from './files/layout.ts';
import type { ChildSpec } from './process/child.ts';
import { LOOPBACK } from './start/ports.ts';

/** What all nodes of a cluster have in common. */
export interface NodeSettings {
  readonly arbiterUrl: string;
  /** Default write concern of messages; null: the node's own default. */
  readonly w: string | null;
  readonly tokens: Tokens | null;
  readonly requireClientToken: boolean;
  readonly logLevel: string;
}

/** A node that has not ended this long after it was asked to is killed (contract, 3: in 5 s). */
const STOP_MS = 5_000;

/** The same two steps up from the sources and from what is compiled: this file stays here. */
export const PROGRAM: string = fileURLToPath(new URL('../../bin/replog.js', import.meta.url));

/** How to start the node at this place. `env` is what it inherits. */
export function specOf(
  place: NodePlace,
  settings: NodeSettings,
  env: NodeJS.ProcessEnv,
): ChildSpec {
  const data = place.dataDir === null ? ['--memory'] : ['--data-dir', place.dataDir];
  const { REPLOG_TOKEN: _, ...inherited } = env;
  return {
    node: place.node,
    program: PROGRAM,
    args: [
      ...['node', '--id', place.node, '--join', settings.arbiterUrl],
      ...['--host', LOOPBACK, '--port', String(place.port), ...data],
      ...['--faults', '--json', '--log-level', settings.logLevel],
      ...(settings.w === null ? [] : ['--w', settings.w]),
      ...(settings.requireClientToken ? ['--require-client-token'] : []),
    ],
    // Asked at each start: the tokens may be others by then. A line each.
    get env() {
      const { tokens } = settings;
      return tokens === null ? inherited : { ...inherited, REPLOG_TOKEN: tokens.all.join('\n') };
    },
    stopMs: STOP_MS,
  };
}
