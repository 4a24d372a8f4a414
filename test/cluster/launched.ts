// A launcher whose nodes are small scripts, and what is seen of it. One at a time: it ends with the
// test that has made it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { layoutOf } from '../../src/cluster/files/layout.ts';
import { Launcher } from '../../src/cluster/launcher.ts';
import type { ClusterEvent } from '../../src/cluster/report.ts';
import { freeBlock } from '../../src/cluster/start/ports.ts';
import { Tokens } from '../../src/node/http/tokens.ts';
import { FakeArbiter } from './fake-arbiter.ts';

export const NODE = `
import { createServer } from 'node:http';
createServer((request, response) => response.end()).listen(Number(process.argv[2]), '127.0.0.1');
console.log(JSON.stringify({ event: 'recovered', from: 'n3', count: 1 }));
process.send({ type: 'listening' });
process.on('message', ({ type }) => {
  console.log(JSON.stringify({ event: 'told', type }));
  if (type === 'retire') process.send({ type: 'retired' });
  else process.exit(0);
});
`;

/** It hears that it is to end, and goes on. */
export const DEAF = NODE.replace('else process.exit(0);', '');

/** It ends by itself when it is sent SIGUSR2. */
export const DIES = `process.on('SIGUSR2', () => { console.error('oh'); process.exit(3); });${NODE}`;

/** It needs a moment to end. */
export const SLOW = NODE.replace(
  'else process.exit(0);',
  'else setTimeout(() => process.exit(0), 300);',
);

export let dir: string;
export let arbiter: FakeArbiter;
export let launcher: Launcher;
export let events: ClusterEvent[];
/** What the nodes wrote that is no event. */
export let lines: string[];
/** What a node runs that no script was given for. */
let fallback: string;
/** Why the roster cannot be written. */
let unwritten: string | null;
export let changes: { nodes: string[]; usedIds: readonly string[] }[];

/** Called by each file that uses it: a module is loaded once for all of them. */
export function endAfterEach(): void {
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'replog-launcher-'));
  });

  afterEach(async () => {
    await launcher.kill();
    rmSync(dir, { recursive: true, force: true });
  });
}

/** A launcher whose nodes run these scripts, and join by being started. */
export async function make(
  scripts: Record<string, string> = { n1: NODE, n2: NODE },
  how: { port?: number; token?: string; now?: () => number } = {},
): Promise<void> {
  const nodes = Object.keys(scripts);
  arbiter = new FakeArbiter(nodes.length);
  await arbiter.listen();
  events = [];
  lines = [];
  fallback = NODE;
  changes = [];
  unwritten = null;
  const port = how.port ?? (await freeBlock(nodes.length + 1));
  launcher = new Launcher(
    {
      layout: layoutOf({ name: 'c', port, nodes, dataDir: null }),
      usedIds: nodes,
      tokens: how.token === undefined ? null : new Tokens([how.token]),
      readyWithinMs: 15_000,
      specOf: ({ node, port }) => {
        const program = join(dir, `${node}.mjs`);
        writeFileSync(program, scripts[node] ?? fallback);
        return { node, program, args: [`${port}`], env: process.env, stopMs: 5_000 };
      },
      onEvent: (event) => {
        events.push(event);
      },
      onLine: (_, line) => {
        lines.push(line);
      },
      onChange: ({ nodes }, usedIds) => {
        changes.push({ nodes: nodes.map(({ node }) => node), usedIds });
        return unwritten;
      },
      now: how.now ?? (() => performance.now()),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    arbiter,
  );
}

export async function started(
  scripts?: Record<string, string>,
  how?: { token?: string },
): Promise<void> {
  await make(scripts, how);
  const ready = launcher.start();
  // Strangers have left by now, and whoever has a process joins.
  await new Promise((resolve) => setImmediate(resolve));
  arbiter.joined = launcher.view().nodes.map(({ node }) => node);
  await ready;
}

export const stateOf = (node: string) =>
  launcher.view().nodes.find((one) => one.node === node)?.state;
/** Whether it is waited for, look after look. */
export async function isAwaited(work: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  void work.then(() => {
    isOver = true;
  });
  const before = arbiter.looks;
  await expect.poll(() => isOver || arbiter.looks > before + 2).toBe(true);
  return !isOver;
}
export const names = () => events.map(({ event }) => event);

/** From now on nodes run this that no script was given for. */
export function fallBackOn(script: string): void {
  fallback = script;
}

/** From now on the roster cannot be written, for this reason; null: it can. */
export function failRoster(why: string | null): void {
  unwritten = why;
}
