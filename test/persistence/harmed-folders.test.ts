// Folders of real logs to which something has happened, held against a reader that knows the
// documented format and nothing else. One seed; REPLOG_SEED=17 takes another, REPLOG_SEEDS=500 many
// (with --test-timeout).

import { expect, test } from 'vitest';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { cutDamage } from '../../src/persistence/damage/repair.ts';
import { checkFolder } from '../../src/persistence/damage/verify.ts';
import {
  openSegmentedLog,
  type SegmentedLogOptions,
} from '../../src/persistence/log/segmented-log.ts';
import { DamagedLog, UnknownFormat } from '../../src/persistence/persistence.ts';
import { Chance } from '../../src/sim/chance.ts';
import { FakeDisk } from '../../src/sim/disk/disk.ts';
import { at } from './entries.ts';
import { entriesOf, Node, type Request } from './folded-log.ts';
import { harm } from './folder-harm.ts';
import { Machine, SMALL } from './machine.ts';
import { bookkeepingIn, type Files, type PlainlyRead, readPlainly } from './plain-reader.ts';

const only = process.env.REPLOG_SEED;
const seeds = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 8) : 1;
const OUTLINED = { ...SMALL, outlineBytes: 300 };
const TOOL = { self: () => ({ pid: 9, started: 'x' }), lives: () => false };

function drawn(chance: Chance): Request[] {
  return Array.from({ length: chance.whole(20, 90) }, () => {
    const size = chance.whole(0, 60);
    const key = chance.whole(0, 5);
    const step = chance.pick<Request['step']>([
      { op: 'append', size },
      { op: 'put', key, size },
      { op: 'remove', key },
      { op: 'batch', count: chance.whole(1, 9) },
    ]);
    return { step, named: chance.happens(0.4), turn: chance.whole(0, 20) };
  });
}

interface Folder {
  readonly files: Map<string, Buffer>;
  /** Its files at an earlier moment. */
  readonly earlier: Files;
}

/** The files of a log that has lived twice; some that compaction has replaced may be there. */
async function folder(chance: Chance): Promise<Folder> {
  const machine = new Machine({ ...OUTLINED, segmentBytes: chance.pick([700, 1_500, 4_000]) });
  const writes = entriesOf(drawn(chance));
  let before: Files = new Map();
  const moments: Files[] = [];
  for (const part of [writes.slice(0, writes.length / 2), writes.slice(writes.length / 2)]) {
    const node = await new Node(machine.open()).start(chance.happens(0.5));
    for (const entries of part) await node.write(entries);
    if (chance.happens(0.9)) await node.log.remember(BLANK_MEMORY);
    before = machine.disk.contents();
    moments.push(before);
    await node.upkeep(chance.pick([0, node.log.lastIndex]));
    await node.log.close();
  }
  const files = machine.disk.contents();
  for (const [name, bytes] of before) {
    if (/^log-.*seg$/.test(name) && !files.has(name) && chance.happens(0.5)) files.set(name, bytes);
  }
  return { files, earlier: chance.pick(moments) };
}

function diskOf(files: Files): FakeDisk {
  const disk = new FakeDisk();
  for (const [name, bytes] of files) disk.place(name, bytes);
  return disk;
}

/** The entries that a start shows, or why it is refused. */
async function started(disk: FakeDisk, options: SegmentedLogOptions = {}) {
  const texts: string[] = [];
  const log = openSegmentedLog(disk.mount(), { ...OUTLINED, processes: TOOL, ...options });
  try {
    const { memory } = await log.recover((entry) => texts.push(JSON.stringify(entry)));
    await log.close();
    return { texts, memory, error: null };
  } catch (error) {
    return { texts: null, memory: null, error: (error as Error).name };
  }
}

/** What is true of a folder before anything happens to it. */
interface Truth {
  readonly texts: ReadonlySet<string>;
  readonly state: unknown;
  readonly lastIndex: number;
}

const opened = (disk: FakeDisk): Node =>
  new Node(openSegmentedLog(disk.mount(), { ...OUTLINED, processes: TOOL }));

async function wholeState(files: Files): Promise<unknown> {
  const node = await opened(diskOf(files)).start(false);
  await node.log.close();
  return node.state();
}

async function truthOf({ files, earlier }: Folder): Promise<Truth> {
  const { texts, lastIndex } = readPlainly(files);
  const known = new Set([...texts, ...readPlainly(earlier).texts]);
  return { texts: known, state: await wholeState(files), lastIndex };
}

/** The entries that can be read one by one, and how often damage is met by that. */
async function readOneByOne({ log }: Node): Promise<{ texts: string[]; damaged: number }> {
  const texts: string[] = [];
  let damaged = 0;
  for (let index = 1; index <= log.lastIndex; index += 1) {
    try {
      const chunk = await log.read(at(index), at(index));
      texts.push(...chunk.entries().map((entry) => JSON.stringify(entry)));
    } catch (error) {
      expect(error).toBeInstanceOf(DamagedLog);
      damaged += 1;
    }
  }
  return { texts, damaged };
}

/** A start by summaries and outlines need not see damage in closed segments: who reads it does, or
 * the check in the background, and then the next start. What is shown until then is true. Returns
 * whether there was any that it did not see. */
async function startedInBrief(files: Files, found: PlainlyRead, fine: boolean, truth: Truth) {
  const disk = diskOf(files);
  const node = opened(disk);
  const refusal = await node.start(true).then(() => null, String);
  if (refusal !== null) {
    expect([refusal, fine], 'a start in brief').toEqual([
      expect.stringMatching(/DamagedLog/),
      false,
    ]);
    expect(changes(files, disk), 'a start in brief').toEqual([]);
    return false;
  }
  const { texts, damaged } = await readOneByOne(node);
  const untrue = texts.filter((text) => !truth.texts.has(text) && !found.texts.includes(text));
  expect(untrue, 'in brief').toEqual([]);
  if (fine) expect(texts, 'in brief').toEqual(found.texts);
  // With its last segments and all that tells of them the log has lost its end unnoticed.
  const isShorter = node.log.lastIndex < truth.lastIndex;
  if (fine || !isShorter) {
    expect(node.state(), 'in brief').toEqual(fine ? await wholeState(files) : truth.state);
  }
  await node.upkeep(0);
  expect(damaged > 0 || node.reports.length > 0, 'in brief, damage is told').toBe(!fine);
  await node.log.close();
  const again = await opened(disk)
    .start(true)
    .then(() => null, String);
  expect(again === null, `the start behind that in brief: ${again}`).toBe(fine);
  return !fine;
}

/** Without a batch that has lost its end. */
function withoutTornBatch(texts: readonly string[]): string[] {
  let batch = { first: 0, last: 0 };
  let index = 0;
  for (const text of texts) {
    const entry = JSON.parse(text);
    index = entry.index;
    if (entry.batch) batch = { first: index, last: index + entry.batch - 1 };
  }
  if (batch.last <= index) return [...texts];
  return texts.filter((text) => JSON.parse(text).index < batch.first);
}

/** The files that are not as they were. */
function changes(files: Files, disk: FakeDisk): string[] {
  const now = disk.contents();
  const names = new Set([...files.keys(), ...now.keys()]);
  return [...names].filter((name) => {
    const [before, after] = [files.get(name), now.get(name)];
    return before === undefined || after === undefined || !before.equals(after);
  });
}

/** Every byte of the segments is there still, under whichever name. */
function expectKept(files: Files, disk: FakeDisk, { replaced, torn }: PlainlyRead): void {
  const now = [...disk.contents().values()];
  for (const [name, bytes] of files) {
    if (!/^log-\d{16}\.seg$/.test(name) || replaced.includes(name) || torn?.file === name) continue;
    expect(now.some((other) => other.equals(bytes)) || bytes.length === 0, name).toBe(true);
  }
}

/** Looked at, nothing changes, and the first damage is named. */
async function verified(files: Files, found: PlainlyRead, forgotten: boolean): Promise<void> {
  const disk = diskOf(files);
  const texts: string[] = [];
  const visit = (entry: unknown): number => texts.push(JSON.stringify(entry));
  const { damage, lastIndex, tornBytes } = await checkFolder(disk.mount(), { visit });
  const named = found.damage ?? (forgotten ? { file: 'memory.json', offset: 0 } : null);
  expect(damage && { file: damage.file, offset: damage.offset }, 'verify').toEqual(named);
  expect(texts, 'verify').toEqual(found.texts);
  expect([lastIndex, tornBytes], 'verify').toEqual([found.lastIndex, found.torn?.bytes ?? 0]);
  expect(changes(files, disk), 'verify').toEqual([]);
}

/** A start without others shows all, twice, or is refused and changes nothing. */
async function startedAlone(files: Files, found: PlainlyRead, fine: boolean): Promise<void> {
  const disk = diskOf(files);
  for (const turn of ['first', 'second']) {
    const { texts, error } = await started(disk);
    expect([turn, texts], 'a start alone').toEqual([turn, fine ? found.texts : null]);
    if (fine) continue;
    expect(['DamagedLog', 'UnknownFormat'], 'a start alone').toContain(error);
    expect(changes(files, disk), 'a start alone').toEqual([]);
  }
}

/** A start with others shows what is before the damage, knows of the loss, and keeps the rest. */
async function startedWithOthers(files: Files, found: PlainlyRead): Promise<void> {
  const disk = diskOf(files);
  for (const turn of ['first', 'second']) {
    const { texts, memory } = await started(disk, { salvage: () => true });
    expect([turn, texts], 'a start with others').toEqual([turn, found.texts]);
    const lost = memory?.lost?.upTo ?? 0;
    expect(lost >= found.lastIndex && lost > 0, 'lost').toBe(found.damage !== null);
  }
  expectKept(files, disk, found);
}

/** A cut leaves what is before the damage, less a batch that ends in it, and keeps the rest. */
async function cut(files: Files, found: PlainlyRead, fine: boolean): Promise<void> {
  const disk = diskOf(files);
  await cutDamage(disk.mount(), TOOL);
  const left = readPlainly(disk.contents());
  expect(left, 'repair --cut').toMatchObject({ damage: null, later: null });
  expect(left.texts, 'repair --cut').toEqual(fine ? found.texts : withoutTornBatch(found.texts));
  if (fine) expect(changes(files, disk), 'repair --cut').toEqual([]);
  else expectKept(files, disk, found);
  expect((await checkFolder(disk.mount())).damage, 'repair --cut').toBeNull();
  expect((await started(disk)).texts, 'repair --cut').toEqual(left.texts);
}

/** Returns what became of it. */
async function judge(
  files: Files,
  truth: Truth,
): Promise<'whole' | 'damaged' | 'damaged unseen' | 'unknown'> {
  const found = readPlainly(files);
  const book = bookkeepingIn(files);
  if (found.later !== null || book === 'later') {
    const disk = diskOf(files);
    await expect(checkFolder(disk.mount())).rejects.toThrow(UnknownFormat);
    await expect(cutDamage(disk.mount(), TOOL)).rejects.toThrow(UnknownFormat);
    expect(changes(files, disk)).toEqual([]);
    await startedAlone(files, found, false);
    return 'unknown';
  }
  const fine = found.damage === null && book === 'whole';
  await verified(files, found, book === 'damaged');
  await startedAlone(files, found, fine);
  if (book === 'whole') await startedWithOthers(files, found);
  const unseen = await startedInBrief(files, found, fine, truth);
  await cut(files, found, fine);
  if (unseen) return 'damaged unseen';
  return fine ? 'whole' : 'damaged';
}

test('whatever befalls a folder, what is whole is kept, and the damage is named', async () => {
  const became = { whole: 0, damaged: 0, 'damaged unseen': 0, unknown: 0 };
  for (let seed = Number(only ?? 1), left = seeds; left > 0; seed += 1, left -= 1) {
    const chance = new Chance(seed);
    const kept = await folder(chance);
    const { files: others } = await folder(chance);
    const { files, earlier } = kept;
    const truth = await truthOf(kept);
    expect(await judge(files, truth), `seed ${seed}, as it was`).toBe('whole');
    for (let round = 0; round < 12; round += 1) {
      const harmed = new Map(files);
      const count = chance.pick([1, 1, 1, 2, 3]);
      const harms = Array.from({ length: count }, () => harm(harmed, others, earlier, chance));
      try {
        became[await judge(harmed, truth)] += 1;
      } catch (error) {
        (error as Error).message += `\nREPLOG_SEED=${seed}, round ${round}: ${harms.join('; ')}`;
        throw error;
      }
    }
  }
  if (only !== undefined) return;
  const { 'damaged unseen': unseen, ...seen } = became;
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(seeds / 2);
  expect(unseen).toBeGreaterThan(seeds / 4);
});
