// The fake disk does what a disk must, at once and in virtual time; what a process that is killed
// leaves on it is what its calls have done.

import { describe, expect, it } from 'vitest';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';
import { describeDisk } from '../../contracts/disk.suite.ts';
import { fileWith, text } from '../disk-file.ts';

describeDisk('the fake disk', { open: async () => new FakeDisk().mount() });

describeDisk('the fake disk in virtual time', {
  open: async () => new FakeDisk({ later: (_, run) => setImmediate(run) }).mount(),
});

/** Virtual time: what is due happens when `run` is called, in order. */
class Time {
  now = 0;
  private due: { at: number; run: () => void }[] = [];

  later = (ms: number, run: () => void): void => {
    this.due.push({ at: this.now + ms, run });
    this.due.sort((a, b) => a.at - b.at);
  };

  /** Runs all that is due up to a moment, and what follows from it. */
  async until(at: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.due[0];
      if (next === undefined || next.at > at) break;
      this.due.shift();
      this.now = next.at;
      next.run();
    }
    this.now = at;
  }
}

describe('when a process is killed, the fake disk', () => {
  it('keeps what its calls have done, and what of it must still be synced', async () => {
    const disk = new FakeDisk();
    const mount = disk.mount();
    const file = await fileWith(mount, 'abcdef');
    await mount.rename('f', 'g');
    await file.truncate(3);
    disk.restart(false);
    expect([...disk.contents()]).toEqual([['g', text('abc')]]);
    disk.restart(true);
    expect([...disk.contents()]).toEqual([['f', text('abcdef')]]);
  });

  it('carries a write under way as far as it is told, to be synced by another', async () => {
    for (const synced of [false, true]) {
      const disk = new FakeDisk();
      const file = await fileWith(disk.mount(), '');
      disk.hold('write');
      void file.write([text('abcd')], 0);
      disk.restart(false, () => 'half');
      expect(disk.content('f').toString()).toBe('ab');
      if (synced) await (await disk.mount().open('f', 'durable-write')).sync();
      disk.restart(true);
      expect(disk.content('f').toString()).toBe(synced ? 'ab' : '');
    }
  });

  it('lets it do nothing any more', async () => {
    const disk = new FakeDisk();
    const mount = disk.mount();
    const file = await fileWith(mount, 'abc');
    const release = disk.hold('write');
    const calls = [file.write([text('X')], 0)];
    disk.restart(false);
    release();
    calls.push(file.write([text('Y')], 0), mount.remove('f') as never, mount.list() as never);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.race([...calls, Promise.resolve('no answer')])).toBe('no answer');
    expect(disk.content('f').toString()).toBe('abc');
    expect(() => mount.readNow('f', Buffer.alloc(1), 0)).toThrow('EPOWER');
    expect(disk.calls).toBe(0);
  });
});

describe('in virtual time', () => {
  it('a call takes its latency and what a fault adds, durable when it ends', async () => {
    const time = new Time();
    const disk = new FakeDisk({
      later: time.later,
      latencyMs: ({ kind }) => (kind === 'sync' ? 10 : 1),
    });
    const done: string[] = [];
    const opening = disk.mount().open('f', 'create');
    await time.until(1);
    const file = await opening;
    disk.faults = ({ kind }) => (kind === 'write' ? { kind: 'slow', ms: 5 } : null);
    void file.write([text('ab')], 0).then(() => done.push(`write ${time.now}`));
    await time.until(6);
    expect(done).toEqual([]);
    const early = disk.copy();
    early.restart(true, ({ path }) => (path === null ? 'all' : 'nothing'));
    expect(early.content('f').length).toBe(0);
    await time.until(7);
    void file.truncate(1);
    await time.until(9);
    void file.sync().then(() => done.push(`sync ${time.now}`));
    void file.truncate(0);
    await time.until(30);
    expect(done).toEqual(['write 7', 'sync 19']);
    // The second cut came after the sync had begun: it is not covered.
    disk.restart(true, ({ path }) => (path === null ? 'all' : 'nothing'));
    expect(disk.content('f').toString()).toBe('a');
  });

  it('what is under way when the power goes fails, or is never answered', async () => {
    const time = new Time();
    const disk = new FakeDisk({ later: time.later, latencyMs: () => 5 });
    const before = disk.mount().list();
    disk.cutPower();
    const outcome = before.catch(String);
    await time.until(10);
    expect(await outcome).toContain('EPOWER');
    disk.restart(true);
    const answers: unknown[] = [];
    void disk
      .mount()
      .list()
      .then((names) => answers.push(names));
    disk.restart(true);
    await time.until(20);
    expect(answers).toEqual([]);
  });
});
