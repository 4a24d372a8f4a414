// `cluster.json` in a cluster's data folder: which nodes it has and which ids were ever used. It
// also marks the folder as replog's own, which is what allows `--fresh` to remove anything at all.

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_ID_PATTERN } from '../../core/ids.ts';
import { nextNodeId, nodeIds } from './layout.ts';
import { writeWhole } from './whole-file.ts';

/** The nodes of a cluster, as its data folder remembers them. */
export interface Roster {
  readonly nodes: readonly string[];
  /** Ids of nodes that were removed; their folders may still be there. */
  readonly removed: readonly string[];
}

/**
 * Which nodes a cluster starts with: those it had, cut or extended to so many secondaries if a
 * number is given; a new one has the given number, or two.
 */
export function rosterFor(secondaries: number | null, had: Roster | null): Roster {
  if (had === null) return { nodes: nodeIds(secondaries ?? DEFAULT_SECONDARIES), removed: [] };
  const count = secondaries === null ? had.nodes.length : secondaries + 1;
  const nodes = had.nodes.slice(0, count);
  const removed = [...had.removed, ...had.nodes.slice(count)];
  while (nodes.length < count) nodes.push(nextNodeId([...nodes, ...removed]));
  return { nodes, removed };
}

/** A cluster of three tolerates the loss of one node: the smallest that tolerates any. */
const DEFAULT_SECONDARIES = 2;

/** `--fresh` met a folder that replog did not make, or not this version of it. */
export class ForeignFolder extends Error {
  override readonly name = 'ForeignFolder';
}

/** `cluster.json` cannot be read: which nodes the cluster has is not known any more. */
export class DamagedRoster extends Error {
  override readonly name = 'DamagedRoster';
}

const FILE = 'cluster.json';
/** Only the cluster that has claimed the folder writes it. */
const DRAFT = `${FILE}.tmp`;
const FORMAT = 'replog-cluster-1';

/** Reads the roster; null if the folder holds none. Throws DamagedRoster; ForeignFolder for one
 * of another version. */
export function readRoster(dataDir: string): Roster | null {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const value = parse(text);
  if (isOfAnotherVersion(value?.format)) {
    throw new ForeignFolder(`${join(dataDir, FILE)} was not written by this version of replog`);
  }
  if (value?.format !== FORMAT || !isIds(value.nodes) || !isIds(value.removed)) {
    throw new DamagedRoster(
      `${join(dataDir, FILE)} is damaged: it does not say which nodes it has`,
    );
  }
  return { nodes: value.nodes, removed: value.removed };
}

/** Writes the roster, and the folder if need be. */
export function writeRoster(dataDir: string, roster: Roster): void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, FILE);
  writeWhole(path, `${JSON.stringify({ format: FORMAT, ...roster })}\n`, join(dataDir, DRAFT));
}

/**
 * Removes a cluster's data: what the roster names, nothing else. A folder without a roster is left
 * alone if it is empty or missing, and otherwise refused with ForeignFolder; one whose roster is
 * damaged with DamagedRoster.
 */
export function removeData(dataDir: string): void {
  const roster = readRoster(dataDir);
  if (roster === null) {
    // The draft of a first start that was killed over it is no stranger's.
    if (entriesOf(dataDir).every((name) => name === DRAFT)) return;
    throw new ForeignFolder(
      `${dataDir} holds files, but not those of a cluster: nothing was removed`,
    );
  }
  for (const folder of foldersOf(dataDir, roster)) rmSync(folder, { recursive: true, force: true });
  // The roster goes last: whatever interrupts this, the folder can still be recognised.
  rmSync(join(dataDir, FILE), { force: true });
}

/** The folders of a cluster's nodes, those of its past included, and of its arbiter. */
export function foldersOf(dataDir: string, { nodes, removed }: Roster): string[] {
  return [...nodes, ...removed, 'arbiter'].map((name) => join(dataDir, name));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function parse(text: string): { format?: unknown; nodes?: unknown; removed?: unknown } | null {
  try {
    return JSON.parse(text) as { format?: unknown } | null;
  } catch {
    // Not JSON, so not a roster; the caller refuses it by name.
    return null;
  }
}

function isOfAnotherVersion(format: unknown): boolean {
  return typeof format === 'string' && /^replog-cluster-\d+$/.test(format) && format !== FORMAT;
}

function isIds(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.every((id) => typeof id === 'string' && NODE_ID_PATTERN.test(id))
  );
}
