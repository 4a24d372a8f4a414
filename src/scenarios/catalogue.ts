// The scenarios that come with replog, in the order in which they teach.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Scenario } from './scenario.ts';
import { parseScenario } from './scenario-file.ts';

/** Each is a file of this folder, which the build copies to `dist/scenarios`. */
export const SHIPPED: readonly string[] = [
  'blocking',
  'write-concern',
  'eventual-consistency',
  'retry-and-catch-up',
  'blocked-client-blocks-nobody',
  'deduplication',
  'total-order',
  'heartbeats',
  'smart-retries',
  'quorum',
  'failover',
  'crash-durability',
  'restart-empty',
  'kv-guarantees',
  'kv-flaky-persistence',
  'kv-lossy-links',
  'kv-join-and-leave',
  'operation-failed',
];

/** One folder up and down again: right from the sources, and from a bundled chunk. */
const FOLDER = new URL('../scenarios/', import.meta.url);

/** A shipped scenario. Throws InvalidScenario, which would be our own mistake. */
export function shippedScenario(name: string): Scenario {
  const file = `${name}.yaml`;
  return parseScenario(readFileSync(new URL(file, FOLDER), 'utf8'), file);
}

/** Where the shipped files are: an example for one's own. */
export function shippedFolder(): string {
  return fileURLToPath(FOLDER);
}
