import { describe, expect, it } from 'vitest';
import { Conflict, UnknownNode } from '../../src/cluster/control.ts';
import {
  arbiter,
  changes,
  DIES,
  endAfterEach,
  events,
  failRoster,
  fallBackOn,
  isAwaited,
  launcher,
  NODE,
  names,
  SLOW,
  started,
} from './launched.ts';

endAfterEach();

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

  it('tells who adds or removes a node that the roster does not say so', async () => {
    await started({ n1: NODE, n2: NODE, n3: NODE });
    failRoster('no room');
    const warning = 'no room; until that works, a restart of the cluster undoes this';
    expect(await launcher.remove('n3')).toMatchObject({ node: 'n3', warning });
    const added = launcher.add();
    await expect.poll(() => arbiter.sizes).toEqual([2, 3]);
    arbiter.joined.push('n4');
    expect(await added).toMatchObject({ node: 'n4', warning });
    expect(launcher.view().nodes.filter((view) => 'warning' in view)).toEqual([]);
    failRoster(null);
    expect(await launcher.remove('n4')).not.toHaveProperty('warning');
  });

  it('refuses an id that is there', async () => {
    await started();
    await expect(launcher.add('n2')).rejects.toThrow(Conflict);
    expect(arbiter.sizes).toEqual([]);
  });

  it('takes back a node that does not start', async () => {
    await started({ n1: NODE, n2: NODE });
    fallBackOn(`console.error('no disk'); process.exitCode = 1;`);
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

  it('says once that what was removed has ended, whoever has asked for it', async () => {
    await started({ n1: NODE, n2: SLOW });
    await launcher.remove('n2');
    const asked = (['stop', 'kill', 'kill'] as const).map((verb) => launcher.act('n2', verb));
    await Promise.all(asked);
    expect(names().filter((name) => ['stopped', 'killed'].includes(name))).toEqual(['killed']);
    expect(launcher.view().removed).toEqual([]);
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
