import { ChildProcess } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { Conflict, UnknownNode } from '../../src/cluster/control.ts';
import {
  arbiter,
  changes,
  DEAF,
  DIES,
  endAfterEach,
  events,
  isAwaited,
  launcher,
  lines,
  make,
  NODE,
  names,
  SLOW,
  started,
  stateOf,
} from './launched.ts';

endAfterEach();

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

/** What was said of ends that were asked for. */
const ends = () => names().filter((name) => ['stopped', 'killed'].includes(name));

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

  it.runIf(process.platform === 'linux')(
    'is found paused, and goes on, where a hand from outside has frozen it',
    async () => {
      await started();
      process.kill(launcher.view().nodes[1]!.pid!, 'SIGSTOP');
      await expect.poll(() => stateOf('n2')).toBe('paused');
      await expect(launcher.act('n2', 'start')).rejects.toThrow('n2 is paused: resume it instead');
      expect((await launcher.act('n2', 'resume')).state).toBe('running');
      expect(names().filter((name) => name === 'resumed')).toEqual(['resumed']);
    },
  );

  it.runIf(process.platform === 'linux')(
    'is ended where it is removed while it is frozen from outside, as it cannot be told',
    async () => {
      await started();
      process.kill(launcher.view().nodes[1]!.pid!, 'SIGSTOP');
      await expect.poll(() => stateOf('n2')).toBe('paused');
      expect(await launcher.remove('n2')).toMatchObject({ pid: null, state: 'exited' });
      expect(launcher.view().removed).toEqual([]);
    },
  );

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
    expect(stateOf('n2')).toBe('exited');
    expect(ends()).toEqual(['killed']);
  });

  it('ends once, whoever has asked for it at the same moment', async () => {
    await started({ n1: NODE, n2: DEAF });
    await Promise.all([launcher.act('n2', 'kill'), launcher.act('n2', 'kill')]);
    expect(ends()).toEqual(['killed']);
    await launcher.act('n2', 'start');
    const restarting = launcher.act('n2', 'restart');
    await expect.poll(() => stateOf('n2')).toBe('stopping');
    await launcher.act('n2', 'kill');
    expect((await restarting).state).toBe('running');
    expect(ends()).toEqual(['killed', 'killed']);
  });

  it('has stopped where it had ended in order before the kill reached it', async () => {
    await started({ n1: NODE, n2: SLOW });
    const stopping = launcher.act('n2', 'stop');
    await expect.poll(() => stateOf('n2')).toBe('stopping');
    const late = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
    const killing = launcher.act('n2', 'kill');
    late.mockRestore();
    await Promise.all([stopping, killing]);
    expect([stateOf('n2'), ends()]).toEqual(['stopped', ['stopped']]);
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
