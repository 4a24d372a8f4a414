import { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { perform } from '../../../src/cluster/actions.ts';
import type { Ending } from '../../../src/cluster/process/child.ts';
import { Child } from '../../../src/cluster/process/child.ts';

let dir: string;
let child: Child | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replog-child-'));
});

afterEach(async () => {
  vi.useRealTimers();
  await child?.kill();
  child = null;
  rmSync(dir, { recursive: true, force: true });
});

const LISTEN = `process.send({ type: 'listening' });`;
const OBEY = `process.on('message', ({ type }) => {
  console.log('told ' + type);
  if (type === 'retire') process.send({ type: 'retired' });
  else process.exit(0);
});`;
const STAY = 'setInterval(() => {}, 1000);';

function make(script: string, stopMs = 5_000) {
  const program = join(dir, 'program.mjs');
  writeFileSync(program, script);
  const seen = { events: [] as unknown[], lines: [] as string[], endings: [] as Ending[] };
  child = new Child(
    { node: 'n9', program, args: ['--one', 'two'], env: { ...process.env, WORD: 'w' }, stopMs },
    {
      onEvent: (event) => seen.events.push(event),
      onLine: (line) => seen.lines.push(line),
      onEnd: (ending) => seen.endings.push(ending),
    },
  );
  return { child, seen };
}

/** Processes that wait to wake the one with this pid. */
function guardsOf(pid: number): string[] {
  const commandOf = (one: string): string => {
    try {
      return readFileSync(`/proc/${one}/cmdline`, 'utf8');
    } catch {
      // It has ended meanwhile.
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((one) => commandOf(one).endsWith(`kill -CONT "$0"\0${pid}\0`));
}

describe('Child', () => {
  it('runs once it listens, and stops when it is told', async () => {
    const { child, seen } = make(LISTEN + OBEY);
    expect([child.state, child.pid]).toEqual(['stopped', null]);
    const started = child.start();
    expect(child.state).toBe('starting');
    await started;
    expect(child.state).toBe('running');
    expect(child.pid).toBeGreaterThan(0);
    await child.stop();
    expect([child.state, child.pid]).toEqual(['stopped', null]);
    expect(seen.lines).toEqual(['told stop']);
    expect(seen.endings).toEqual([{ code: 0, signal: null, expected: true }]);
  });

  it('is killed, and that is unexpected, also after it was stopped and started', async () => {
    const { child, seen } = make(LISTEN + OBEY + STAY);
    await child.start();
    await child.stop();
    await child.start();
    process.kill(child.pid!, 'SIGKILL');
    await child.ended;
    expect(seen.endings.map(({ expected }) => expected)).toEqual([true, false]);
  });

  it('lets it give up its membership, and leaves it running', async () => {
    const { child, seen } = make(LISTEN + OBEY);
    await child.start();
    await child.retire();
    expect(child.state).toBe('running');
    await child.stop();
    expect(seen.lines).toEqual(['told retire', 'told stop']);
  });

  it('does not wait for the word of a node that ends instead of giving up membership', async () => {
    const { child } = make(`${LISTEN}process.on('message', () => process.exit(0));`);
    await child.start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await child.retire();
    expect(child.state).toBe('exited');
  });

  it('waits 2 s for the word of a node that does not give up its membership', async () => {
    const { child } = make(LISTEN + STAY);
    await child.start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let isOver = false;
    const retired = child.retire().then(() => {
      isOver = true;
    });
    vi.advanceTimersByTime(1_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    vi.advanceTimersByTime(1);
    await retired;
    expect(child.state).toBe('running');
  });

  it('stays asked to stop, although it says only then that it listens', async () => {
    const { child, seen } = make(`console.log('up'); process.on('message', () => {
      process.send({ type: 'listening' }, () => process.exit(0));
    });`);
    const started = child.start();
    await expect.poll(() => seen.lines).toEqual(['up']);
    await child.stop();
    await started;
    expect(child.state).toBe('stopped');
  });

  it('can be started again', async () => {
    const { child } = make(LISTEN + OBEY);
    await child.start();
    await child.stop();
    await child.start();
    expect(child.state).toBe('running');
  });

  it('hands over arguments and environment, and tells events from other lines', async () => {
    const { child, seen } = make(`
      const args = process.argv.slice(2);
      console.log(JSON.stringify({ event: 'args', args, word: process.env.WORD }));
      console.log('{"level":30}');
      console.log('{not JSON');
      console.error('to stderr');
      ${LISTEN} ${OBEY}`);
    await child.start();
    await child.stop();
    expect(seen.events).toEqual([{ event: 'args', args: ['--one', 'two'], word: 'w' }]);
    expect(seen.lines.sort()).toEqual(['to stderr', 'told stop', '{"level":30}', '{not JSON']);
  });

  it('says with what words it ended, if it never listened', async () => {
    const { child, seen } = make(`console.error('port 4000 is taken'); process.exitCode = 2;`);
    await expect(child.start()).rejects.toMatchObject({
      message: 'n9 ended with code 2 before it was ready',
      lines: ['n9 | port 4000 is taken'],
    });
    expect(child.state).toBe('exited');
    expect(seen.endings).toEqual([{ code: 2, signal: null, expected: false }]);
  });

  it('ends once, if its process cannot be started at all', async () => {
    const { child, seen } = make(LISTEN + OBEY);
    const node = process.execPath;
    process.execPath = join(dir, 'no-node');
    const started = child.start();
    process.execPath = node;
    await expect(started).rejects.toMatchObject({ lines: [expect.stringContaining('ENOENT')] });
    expect([child.state, child.pid]).toEqual(['exited', null]);
    // What Node says of it comes in two parts: the second is not taken for the end of the next one.
    await child.start();
    expect([child.state, seen.endings.length]).toEqual(['running', 1]);
  });

  it('fails for a program that is not there', async () => {
    const { child } = make('');
    rmSync(join(dir, 'program.mjs'));
    await expect(child.start()).rejects.toMatchObject({
      lines: expect.arrayContaining([expect.stringContaining('MODULE_NOT_FOUND')]),
    });
  });

  it('kills what does not stop in time', async () => {
    const { child, seen } = make(LISTEN + STAY, 50);
    await child.start();
    expect((await child.kill())?.how).toBe('killed');
    await child.start();
    // Whoever asked for it asked for an orderly end, whatever it took.
    expect((await child.stop())?.how).toBe('stopped');
    expect(child.state).toBe('exited');
    expect(seen.endings.at(-1)).toEqual({ code: null, signal: 'SIGKILL', expected: true });
  });

  it('keeps an end that nobody asked for apart from one by request', async () => {
    const { child, seen } = make(LISTEN + STAY);
    await child.start();
    process.kill(child.pid!, 'SIGKILL');
    await child.ended;
    await child.start();
    await child.kill();
    expect(seen.endings.map((ending) => ending.expected)).toEqual([false, true]);
    expect(child.state).toBe('exited');
  });

  it('stands still while it is paused, and stops in order even so', async () => {
    const { child, seen } = make(`${LISTEN}${OBEY}setInterval(() => console.log('tick'), 5);`);
    await child.start();
    child.pause();
    expect(child.state).toBe('paused');
    child.resume();
    expect(child.state).toBe('running');
    child.pause();
    await child.stop();
    expect(child.state).toBe('stopped');
    expect(seen.lines.at(-1)).toBe('told stop');
  });

  it('survives every signal that the system refuses', async () => {
    const { child } = make(LISTEN + OBEY);
    await child.start();
    const refuse = vi.spyOn(ChildProcess.prototype, 'kill').mockImplementation(function (
      this: ChildProcess,
    ) {
      return !this.emit('error', new Error('kill EPERM'));
    });
    child.pause();
    child.resume();
    refuse.mockRestore();
    expect(child.lastLines).toEqual(['kill EPERM', 'kill EPERM']);
    await child.stop();
    expect(child.state).toBe('stopped');
  });

  it('leaves no timer behind, retired or stopped', async () => {
    const { child } = make(LISTEN + OBEY);
    await child.start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await child.retire();
    expect(vi.getTimerCount()).toBe(0);
    await child.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.runIf(process.platform === 'linux')(
    'is guarded while it is paused, and only then',
    async () => {
      const { child } = make(LISTEN + OBEY);
      await child.start();
      const pid = child.pid!;
      child.pause();
      await expect.poll(() => guardsOf(pid)).toHaveLength(1);
      child.resume();
      await expect.poll(() => guardsOf(pid)).toEqual([]);
      child.pause();
      await expect.poll(() => guardsOf(pid)).toHaveLength(1);
      await child.kill();
      await expect.poll(() => guardsOf(pid)).toEqual([]);
    },
  );

  it.runIf(process.platform === 'linux')(
    'is guarded too where it was frozen from outside before it is paused',
    async () => {
      const { child } = make(LISTEN + OBEY);
      await child.start();
      const pid = child.pid!;
      process.kill(pid, 'SIGSTOP');
      await expect.poll(() => child.state).toBe('paused');
      expect(guardsOf(pid)).toEqual([]);
      await perform(child, 'pause', (what) => expect.fail(`${what}, which it was before`));
      await expect.poll(() => guardsOf(pid)).toHaveLength(1);
    },
  );

  it('keeps the last ten lines of the last process', async () => {
    const { child } = make(`for (let n = 1; n <= 60; n += 1) console.error('line ' + n);`);
    await expect(child.start()).rejects.toThrow('before it was ready');
    await expect(child.start()).rejects.toMatchObject({
      lines: Array.from({ length: 10 }, (_, n) => `n9 | line ${n + 51}`),
    });
  });

  it('forgets what the process before wrote when it starts, but goes on counting', async () => {
    const { child } = make(`console.error('once'); process.exitCode = 1;`);
    await expect(child.start()).rejects.toThrow();
    await expect(child.start()).rejects.toThrow();
    expect(child.lastLines).toEqual(['once']);
    expect(child.output(9)).toEqual({ first: 1, lines: ['once', 'once'] });
  });
});
