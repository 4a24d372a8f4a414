// What every Disk does, the real one and the simulator's. What a disk may lose, and when, only the
// fake one can show: test/sim/power-cut.test.ts.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Disk,
  type DiskFile,
  readAll,
  withFile,
  writeAll,
} from '../../src/persistence/disk/disk.ts';

/** An empty disk, and how it is taken away. */
export interface DiskSubject {
  open(): Promise<Disk>;
  dispose?(): Promise<void>;
}

const text = (of: string): Buffer => Buffer.from(of);

/** Everything a file holds. */
async function whole(file: DiskFile): Promise<string> {
  const into = Buffer.alloc(await file.size());
  expect(await readAll(file, into, 0)).toBe(into.length);
  return into.toString('latin1');
}

async function put(disk: Disk, path: string, content: string): Promise<void> {
  await withFile(disk, path, 'durable-write', (file) => writeAll(file, [text(content)], 0));
}

const get = (disk: Disk, path: string): Promise<string> => withFile(disk, path, 'read', whole);

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return (error as { code?: unknown }).code;
}

/** Runs the contract against one kind of disk. */
export function describeDisk(name: string, subject: DiskSubject): void {
  describe(name, () => {
    let disk: Disk;
    beforeEach(async () => {
      disk = await subject.open();
      await disk.makeFolder();
    });
    afterEach(async () => {
      await subject.dispose?.();
    });

    describe('files', () => describeOpening(() => disk));
    describe('bytes', () => describeBytes(() => disk));
    describe('names', () => describeNames(() => disk));
  });
}

function describeOpening(disk: () => Disk): void {
  it('opens what is missing for writing, and not for reading', async () => {
    expect(await codeOf(disk().open('f', 'read'))).toBe('ENOENT');
    expect(await disk().list()).toEqual([]);
    await (await disk().open('f', 'durable-write')).close();
    expect(await get(disk(), 'f')).toBe('');
  });

  it('creates only what is not there', async () => {
    await (await disk().open('f', 'create')).close();
    await put(disk(), 'f', 'kept');
    expect(await codeOf(disk().open('f', 'create'))).toBe('EEXIST');
    await (await disk().open('f', 'durable-write')).close();
    expect(await get(disk(), 'f')).toBe('kept');
  });

  it('lets a created file be written and read', async () => {
    const file = await disk().open('f', 'create');
    expect(await file.write([text('ab')], 0)).toBe(2);
    expect(await whole(file)).toBe('ab');
    await file.close();
  });

  it('refuses to change what is open for reading', async () => {
    await put(disk(), 'f', 'abc');
    const file = await disk().open('f', 'read');
    expect(await codeOf(file.write([text('x')], 0))).toBe('EBADF');
    expect(await codeOf(file.truncate(1))).toBe('EINVAL');
    expect(await whole(file)).toBe('abc');
    await file.sync();
    await file.close();
  });

  it('shows through each open file what was done through another', async () => {
    const one = await disk().open('f', 'durable-write');
    const two = await disk().open('f', 'durable-write');
    const three = await disk().open('f', 'read');
    await writeAll(one, [text('abcdef')], 0);
    await writeAll(two, [text('XY')], 2);
    expect(await whole(three)).toBe('abXYef');
    await two.truncate(3);
    expect([await one.size(), await whole(three)]).toEqual([3, 'abX']);
    for (const file of [one, two, three]) await file.close();
  });

  it('makes its folder as often as it is asked', async () => {
    await put(disk(), 'f', 'kept');
    await disk().makeFolder();
    expect(await get(disk(), 'f')).toBe('kept');
  });
}

function describeBytes(disk: () => Disk): void {
  let file: DiskFile;
  beforeEach(async () => {
    file = await disk().open('f', 'durable-write');
  });
  afterEach(async () => {
    await file.close();
  });

  it('writes several buffers one after the other, at a place', async () => {
    expect(await file.write([text('0123456789')], 0)).toBe(10);
    expect(await file.write([text('ab'), text(''), text('cd')], 3)).toBe(4);
    expect(await whole(file)).toBe('012abcd789');
  });

  it('takes more buffers than the system takes at once', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => text(String(i % 10)));
    await writeAll(file, many, 1);
    expect(await file.size()).toBe(2_501);
    expect((await whole(file)).slice(2_490)).toBe('90123456789');
  });

  it('takes nothing if it is given nothing', async () => {
    expect(await file.write([text('')], 7)).toBe(0);
    expect(await file.write([], 7)).toBe(0);
    expect(await file.size()).toBe(0);
  });

  it('fills what was never written with zeros', async () => {
    await writeAll(file, [text('z')], 3);
    expect(await whole(file)).toBe('\0\0\0z');
  });

  it('reads as far as it gets', async () => {
    await writeAll(file, [text('abcdef')], 0);
    const into = Buffer.alloc(4, '-');
    expect(await file.read(into, 4)).toBe(2);
    expect(into.toString()).toBe('ef--');
    expect(await file.read(into, 6)).toBe(0);
    expect(await file.read(into, 600)).toBe(0);
    expect(await file.read(Buffer.alloc(0), 0)).toBe(0);
    expect(await file.read(into.subarray(1, 2), 0)).toBe(1);
    expect(into.toString()).toBe('ea--');
  });

  it('cuts, and lengthens with zeros, whatever stood there before', async () => {
    await writeAll(file, [text('abcdef')], 0);
    await file.truncate(2);
    expect([await file.size(), await whole(file)]).toEqual([2, 'ab']);
    await file.truncate(5);
    expect(await whole(file)).toBe('ab\0\0\0');
    await file.truncate(0);
    await file.sync();
    expect(await file.size()).toBe(0);
  });

  it('does calls that are under way at the same time, all of them', async () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    await Promise.all(letters.map((letter, i) => writeAll(file, [text(letter)], i)));
    const reads = await Promise.all(letters.map(() => whole(file)));
    expect(new Set(reads)).toEqual(new Set([letters.join('')]));
    await Promise.all([file.sync(), file.sync(), disk().syncFolder()]);
  });

  it('reads at once as well', async () => {
    await writeAll(file, [text('abcdef')], 0);
    const into = Buffer.alloc(4, '-');
    expect([disk().readNow('f', into, 0), into.toString()]).toEqual([4, 'abcd']);
    expect([disk().readNow('f', into, 3), into.toString()]).toEqual([3, 'defd']);
    expect(disk().readNow('f', into, 9)).toBe(0);
    expect(() => disk().readNow('g', into, 0)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
}

function describeNames(disk: () => Disk): void {
  it('lists what is there', async () => {
    for (const name of ['b', 'a', 'log-1.seg']) await put(disk(), name, name);
    expect((await disk().list()).sort()).toEqual(['a', 'b', 'log-1.seg']);
  });

  it('renames, also over what is there', async () => {
    await put(disk(), 'old', 'new content');
    await put(disk(), 'name', 'old content');
    const replaced = await disk().open('name', 'read');
    await disk().rename('old', 'name');
    await disk().syncFolder();
    expect(await disk().list()).toEqual(['name']);
    expect(await get(disk(), 'name')).toBe('new content');
    // Whoever had it open still has the file that was replaced.
    expect(await whole(replaced)).toBe('old content');
    await replaced.close();
  });

  it('keeps a file whose new name is its old one', async () => {
    await put(disk(), 'f', 'kept');
    await disk().rename('f', 'f');
    expect(await get(disk(), 'f')).toBe('kept');
  });

  it('cannot rename what is not there', async () => {
    await put(disk(), 'to', 'kept');
    expect(await codeOf(disk().rename('from', 'to'))).toBe('ENOENT');
    expect(await get(disk(), 'to')).toBe('kept');
  });

  it('removes, and does nothing if there is no such file', async () => {
    await put(disk(), 'f', 'content');
    await disk().remove('f');
    await disk().remove('f');
    await disk().syncFolder();
    expect(await disk().list()).toEqual([]);
    expect(await codeOf(disk().open('f', 'read'))).toBe('ENOENT');
  });

  it('lets a removed file be used by whoever has it open, under no name', async () => {
    const file = await disk().open('f', 'write');
    await writeAll(file, [text('a')], 0);
    await disk().remove('f');
    await writeAll(file, [text('bc')], 1);
    expect(await whole(file)).toBe('abc');
    await put(disk(), 'f', 'another');
    expect(await whole(file)).toBe('abc');
    await file.close();
    expect(await get(disk(), 'f')).toBe('another');
  });

  it.each(['durable-write', 'create'] as const)(
    'calls nothing durable that is written to a removed file (%s)',
    async (mode) => {
      const file = await disk().open('f', mode);
      await writeAll(file, [text('a')], 0);
      await disk().rename('f', 'g');
      await writeAll(file, [text('b')], 1);
      await disk().remove('g');
      expect(await codeOf(writeAll(file, [text('c')], 2))).toBe('ENOENT');
      expect(await whole(file)).toContain('ab');
      await file.close();
    },
  );
}
