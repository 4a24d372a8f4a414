import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Conflict, UnknownNode } from '../../src/cluster/control.ts';
import { Launcher } from '../../src/cluster/launcher.ts';
import { layoutOf } from '../../src/cluster/layout.ts';
import { freeBlock } from '../../src/cluster/ports.ts';
import type { ClusterEvent } from '../../src/cluster/report.ts';
import { FakeArbiter } from './fake-arbiter.ts';

const NODE = `
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
const DEAF = NODE.replace('else process.exit(0);', '');

/** It ends by itself when it is sent SIGUSR2. */
const DIES = `process.on('SIGUSR2', () => { console.error('oh'); process.exit(3); });${NODE}`;

/** It needs a moment to end. */
const SLOW = NODE.replace('else process.exit(0);', 'else setTimeout(() => process.exit(0), 300);');

let dir: string;
let arbiter: FakeArbiter;
let launcher: Launcher;
let events: ClusterEvent[];
/** What the nodes wrote that is no event. */
let lines: string[];
/** What a node runs that no script was given for. */
let fallback: string;
let changes: { nodes: string[]; usedIds: readonly string[] }[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replog-launcher-'));
});

afterEach(async () => {
  await launcher.kill();
  rmSync(dir, { recursive: true, force: true });
});

/** A launcher whose nodes run these scripts, and join by being started. */
async function make(
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
  const port = how.port ?? (await freeBlock(nodes.length + 1));
  launcher = new Launcher(
    {
      layout: layoutOf({ name: 'c', port, nodes, dataDir: null }),
      usedIds: nodes,
      token: how.token ?? null,
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
      },
      now: how.now ?? (() => performance.now()),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    arbiter,
  );
}

async function started(scripts?: Record<string, string>, how?: { token?: string }): Promise<void> {
  await make(scripts, how);
  const ready = launcher.start();
  // Strangers have left by now, and whoever has a process joins.
  await new Promise((resolve) => setImmediate(resolve));
  arbiter.joined = launcher.view().nodes.map(({ node }) => node);
  await ready;
}

const stateOf = (node: string) => launcher.view().nodes.find((one) => one.node === node)?.state;
/** Whether it is waited for, look after look. */
async function isAwaited(work: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  void work.then(() => {
    isOver = true;
  });
  const before = arbiter.looks;
  await expect.poll(() => isOver || arbiter.looks > before + 2).toBe(true);
  return !isOver;
}
const names = () => events.map(({ event }) => event);

describe('a launcher that starts', () => {
  it('says first that it is ready, and that with what is needed to use the cluster', async () => {
    await started();
    expect(events[0]).toEqual({
      event: 'ready',
      name: 'c',
      pid: process.pid,
      nodes: [
        {
          node: 'n1',
          role: 'master',
          url: expect.stringMatching(/^http:/),
          pid: expect.any(Number),
        },
        { node: 'n2', role: 'secondary', url: expect.any(String), pid: expect.any(Number) },
      ],
      arbiter: arbiter.url,
      control: arbiter.url,
      dataDir: null,
      ms: expect.any(Number),
    });
    expect(events.slice(1, 3)).toEqual([
      { event: 'recovered', node: expect.any(String), from: 'n3', count: 1 },
      { event: 'recovered', node: expect.any(String), from: 'n3', count: 1 },
    ]);
  });

  it('leaves nothing running when a node fails, and says why', async () => {
    const fails = `console.error('port 7 is taken'); process.exitCode = 2;`;
    await make({ n1: NODE, n2: fails });
    await expect(launcher.start()).rejects.toMatchObject({ lines: ['n2 | port 7 is taken'] });
    // Whoever waits for the reason does not wait for an orderly end.
    expect(launcher.view().nodes).toMatchObject(Array(2).fill({ pid: null, state: 'exited' }));
    expect(arbiter.isStopped).toBe(true);
    expect(events).toEqual([]);
  });

  it('gives up when time is up, with what is missing and with what the nodes wrote', async () => {
    const waits = `console.error('still reading'); ${NODE}`;
    const isUp = () => lines.includes('still reading');
    const now = () => performance.now() + (isUp() ? 60_000 : 0);
    await make({ n1: NODE, n2: waits }, { now });
    const starting = expect(launcher.start()).rejects.toMatchObject({
      message: 'not ready, no progress for 15 s: n2 has not joined',
      lines: ['n2 | still reading'],
    });
    arbiter.joined = ['n1'];
    await starting;
    expect(launcher.view().nodes.map(({ pid }) => pid)).toEqual([null, null]);
    expect(arbiter.isStopped).toBe(true);
  });

  it('waits for a node too that is added meanwhile', async () => {
    await make();
    const ready = launcher.start();
    const adding = launcher.add();
    await expect.poll(() => arbiter.sizes).toEqual([3]);
    arbiter.joined = ['n1', 'n2', 'n3'];
    expect((await ready).nodes.map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
    expect((await adding).state).toBe('running');
  });

  it('ends its start when it is stopped', async () => {
    await make({ n1: NODE, n2: SLOW });
    const ready = launcher.start();
    const outcome = expect(ready).rejects.toThrow();
    const states = () => launcher.view().nodes.map(({ state }) => state);
    await expect.poll(states).toEqual(['running', 'running']);
    await launcher.stop();
    await outcome;
    // In order: a node that needs a moment is not cut short because the other one has ended.
    expect(launcher.view().nodes).toMatchObject(Array(2).fill({ pid: null, state: 'stopped' }));
  });

  it('ends the membership of nodes that it was started without', async () => {
    await make();
    arbiter.joined = ['n1', 'n2', 'n3'];
    await launcher.start();
    expect(arbiter.left).toEqual(['n3']);
  });

  it('shows the token to whoever it asks', async () => {
    await started({ n1: NODE }, { token: 's3cret' });
    expect([...arbiter.authorizations]).toEqual(['Bearer s3cret']);
  });
});

describe('what can be done to a node', () => {
  it('is stopped, started and restarted; what is as wished stays as it is', async () => {
    await started();
    const pid = launcher.view().nodes[1]?.pid;
    expect((await launcher.act('n2', 'start')).pid).toBe(pid);
    expect(await launcher.act('n2', 'stop')).toMatchObject({ state: 'stopped', pid: null });
    expect((await launcher.act('n2', 'stop')).state).toBe('stopped');
    expect((await launcher.act('n2', 'start')).state).toBe('running');
    expect((await launcher.act('n2', 'restart')).pid).not.toBe(pid);
    const seen = names().filter((name) => ['stopped', 'started'].includes(name));
    expect(seen).toEqual(['stopped', 'started', 'stopped', 'started']);
  });

  it.each(['start', 'restart'] as const)('has caught up after a %s', async (action) => {
    await started();
    if (action === 'start') await launcher.act('n2', 'stop');
    arbiter.behind = ['n2'];
    const acting = launcher.act('n2', action);
    expect(await isAwaited(acting)).toBe(true);
    arbiter.behind = [];
    expect((await acting).state).toBe('running');
  });

  it('is killed, which is no unexpected end', async () => {
    await started();
    expect(await launcher.act('n2', 'kill')).toMatchObject({ state: 'exited', pid: null });
    expect((await launcher.act('n2', 'kill')).state).toBe('exited');
    expect(names().filter((name) => ['killed', 'exit'].includes(name))).toEqual(['killed']);
  });

  it('is left as it is where it is so already', async () => {
    await started();
    expect((await launcher.act('n2', 'resume')).state).toBe('running');
    await launcher.act('n2', 'pause');
    expect((await launcher.act('n2', 'pause')).state).toBe('paused');
    expect(names().filter((name) => ['paused', 'resumed'].includes(name))).toEqual(['paused']);
  });

  it('is paused and resumed, and cannot be started or paused in the wrong state', async () => {
    await started();
    expect((await launcher.act('n2', 'pause')).state).toBe('paused');
    await expect(launcher.act('n2', 'start')).rejects.toThrow(Conflict);
    expect((await launcher.act('n2', 'resume')).state).toBe('running');
    await launcher.act('n2', 'stop');
    await expect(launcher.act('n2', 'pause')).rejects.toThrow(Conflict);
    await expect(launcher.act('n2', 'resume')).rejects.toThrow(Conflict);
  });

  it('happens one at a time', async () => {
    await started();
    const all = ['stop', 'start', 'stop', 'start'] as const;
    await Promise.all(all.map((action) => launcher.act('n2', action)));
    expect(stateOf('n2')).toBe('running');
    const seen = names().filter((name) => ['stopped', 'started'].includes(name));
    expect(seen).toEqual(['stopped', 'started', 'stopped', 'started']);
  });

  it('but a kill does not wait for a stop that takes its time', async () => {
    await started({ n1: NODE, n2: DEAF });
    const stopping = launcher.act('n2', 'stop');
    await expect.poll(() => stateOf('n2')).toBe('stopping');
    await launcher.act('n2', 'kill');
    await stopping;
    const seen = names().filter((name) => ['stopped', 'killed'].includes(name));
    expect(seen.sort()).toEqual(['killed', 'stopped']);
  });

  it('needs a node that is there', async () => {
    await started();
    await expect(launcher.act('n9', 'stop')).rejects.toThrow(UnknownNode);
  });

  it('shows with its last lines when it ends without having been asked', async () => {
    await started({ n1: NODE, n2: DIES });
    const before = changes.length;
    process.kill(launcher.view().nodes[1]!.pid!, 'SIGUSR2');
    await expect.poll(() => stateOf('n2')).toBe('exited');
    // The registry names its process no more.
    expect(changes.length).toBe(before + 1);
    const exit = { event: 'exit', node: 'n2', code: 3, signal: null, lines: ['oh'] };
    expect(events).toContainEqual(exit);
  });
});

describe('adding and removing', () => {
  it('adds a node behind all ports, and counts it before it starts', async () => {
    await started();
    const adding = launcher.add();
    await expect.poll(() => launcher.view().nodes.length).toBe(3);
    expect(arbiter.sizes).toEqual([3]);
    arbiter.joined.push('n3');
    arbiter.behind = ['n3'];
    expect(await isAwaited(adding)).toBe(true);
    arbiter.behind = [];
    const port = (node: { url: string } | undefined) => Number(new URL(node?.url ?? '').port);
    const n3 = await adding;
    expect(n3).toMatchObject({ node: 'n3', role: 'secondary', state: 'running' });
    // n1, n2, then the arbiter.
    expect(port(n3)).toBeGreaterThanOrEqual(port(launcher.view().nodes[0]) + 3);
    expect(changes.at(-1)).toEqual({ nodes: ['n1', 'n2', 'n3'], usedIds: ['n1', 'n2', 'n3'] });
  });

  it('refuses an id that is there', async () => {
    await started();
    await expect(launcher.add('n2')).rejects.toThrow(Conflict);
    expect(arbiter.sizes).toEqual([]);
  });

  it('takes back a node that does not start', async () => {
    await started({ n1: NODE, n2: NODE });
    fallback = `console.error('no disk'); process.exitCode = 1;`;
    await expect(launcher.add()).rejects.toMatchObject({ lines: ['n3 | no disk'] });
    expect([arbiter.sizes, arbiter.left]).toEqual([[3, 2], ['n3']]);
    // It may have left files: no other node gets its id, not in a later life of the cluster either.
    expect(changes.at(-1)).toEqual({ nodes: ['n1', 'n2'], usedIds: ['n1', 'n2', 'n3'] });
    expect(launcher.view().nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
  });

  it('lets a secondary leave, and never gives its id away', async () => {
    await started({ n1: NODE, n2: NODE, n3: NODE });
    const removed = await launcher.remove('n3');
    expect(removed).toMatchObject({ node: 'n3', role: 'removed', state: 'running' });
    expect(launcher.view().nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
    expect(launcher.view().removed).toEqual([removed]);
    expect(events).toContainEqual({ event: 'told', node: 'n3', type: 'retire' });
    expect([arbiter.left, arbiter.sizes]).toEqual([['n3'], [2]]);
    const added = launcher.add();
    await expect.poll(() => arbiter.sizes).toEqual([2, 3]);
    arbiter.joined.push('n4');
    expect((await added).node).toBe('n4');
  });

  it('waits until the master counts a removed node no more', async () => {
    await started({ n1: NODE, n2: NODE, n3: NODE });
    arbiter.behind = ['n2'];
    const removing = launcher.remove('n3');
    expect(await isAwaited(removing)).toBe(true);
    arbiter.behind = [];
    expect((await removing).role).toBe('removed');
  });

  it('only stops what was removed, and then forgets it', async () => {
    await started({ n1: NODE, n2: NODE });
    await launcher.remove('n2');
    await expect(launcher.act('n2', 'restart')).rejects.toThrow('n2 was removed');
    expect(await launcher.act('n2', 'stop')).toMatchObject({ state: 'stopped', pid: null });
    expect(launcher.view().removed).toEqual([]);
    await expect(launcher.act('n2', 'stop')).rejects.toThrow(UnknownNode);
  });

  it('shows the last lines of what was removed, if it ends by itself, and forgets it', async () => {
    await started({ n1: NODE, n2: DIES });
    const { pid } = await launcher.remove('n2');
    process.kill(pid!, 'SIGUSR2');
    const exit = { event: 'exit', node: 'n2', code: 3, signal: null, lines: ['oh'] };
    await expect.poll(() => events).toContainEqual(exit);
    expect(launcher.view().removed).toEqual([]);
  });

  it('ends the process of a removed node before another one has its id', async () => {
    await started({ n1: NODE, n2: SLOW });
    await launcher.remove('n2');
    events.length = 0;
    const adding = launcher.add('n2');
    await expect.poll(() => arbiter.sizes).toEqual([1, 2]);
    arbiter.joined.push('n2');
    expect(await adding).toMatchObject({ node: 'n2', state: 'running' });
    expect(launcher.view().removed).toEqual([]);
    const seen = names().filter((name) => ['stopped', 'recovered', 'added'].includes(name));
    expect(seen).toEqual(['stopped', 'recovered', 'added']);
  });

  it('gives no node the port of one that does not run', async () => {
    await started();
    for (const node of ['n3', 'n4']) {
      const adding = launcher.add();
      await expect.poll(() => launcher.view().nodes.map((one) => one.node)).toContain(node);
      arbiter.joined.push(node);
      await adding;
      await launcher.act(node, 'stop');
    }
    const urls = launcher.view().nodes.map(({ url }) => url);
    expect(new Set(urls).size).toBe(4);
  });

  it('lets a node leave whose process is not there to say so', async () => {
    await started();
    await launcher.act('n2', 'kill');
    await launcher.remove('n2');
    expect(arbiter.left).toEqual(['n2']);
    expect(launcher.view().nodes.map(({ node }) => node)).toEqual(['n1']);
  });

  it('ends a paused node without waking it: it would acknowledge what goes with it', async () => {
    await started();
    await launcher.act('n2', 'pause');
    const removed = await launcher.remove('n2');
    expect(removed).toMatchObject({ node: 'n2', pid: null });
    expect(events).not.toContainEqual(expect.objectContaining({ event: 'told', node: 'n2' }));
    expect(arbiter.left).toEqual(['n2']);
  });

  it.each([
    ['running', Conflict],
    ['stopped', UnknownNode],
  ])('does not start a %s node again that is just being removed', async (state, refusal) => {
    await started({ n1: NODE, n2: NODE });
    if (state === 'stopped') await launcher.act('n2', 'stop');
    events.length = 0;
    const removing = launcher.remove('n2');
    // From now on it is the removal's turn.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(launcher.act('n2', 'restart')).rejects.toThrow(refusal);
    await removing;
    expect(names()).not.toContain('started');
  });

  it('shows nothing of a node that is killed while it takes its leave', async () => {
    const late = NODE.replace(/if \(type === 'retire'\).*/, "if (type === 'retire') {}");
    await started({ n1: NODE, n2: late });
    const removing = launcher.remove('n2');
    await expect.poll(() => events).toContainEqual({ event: 'told', node: 'n2', type: 'retire' });
    await launcher.act('n2', 'kill');
    expect(await removing).toMatchObject({ node: 'n2', role: null, pid: null });
    expect(launcher.view().removed).toEqual([]);
  });

  it('does not remove the master', async () => {
    await started();
    await expect(launcher.remove('n1')).rejects.toThrow('n1 is the master');
    await expect(launcher.remove('n9')).rejects.toThrow(UnknownNode);
  });
});

describe('a launcher that stops', () => {
  it('stops all nodes, paused ones too, and then the arbiter', async () => {
    await started();
    await launcher.act('n2', 'pause');
    await launcher.stop();
    expect(launcher.view().nodes.map(({ state }) => state)).toEqual(['stopped', 'stopped']);
    expect(arbiter.isStopped).toBe(true);
    expect(events.at(-1)).toEqual({ event: 'stopped' });
    await expect(launcher.act('n2', 'start')).rejects.toThrow(Conflict);
    await expect(launcher.add()).rejects.toThrow(Conflict);
  });

  it('starts no node that was being added meanwhile', async () => {
    await started({ n1: NODE, n2: SLOW });
    await launcher.remove('n2');
    const adding = expect(launcher.add('n2')).rejects.toThrow(Conflict);
    await expect.poll(() => events).toContainEqual({ event: 'told', node: 'n2', type: 'stop' });
    await launcher.stop();
    await adding;
    expect(launcher.view().nodes.map(({ node }) => node)).toEqual(['n1']);
  });
});
