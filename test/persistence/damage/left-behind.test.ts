// What damage left readable comes back once the hole before it is filled, and nothing else does.

import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { LeftBehind } from '../../../src/persistence/damage/left-behind.ts';
import { entryAt } from '../entries.ts';
import { flip, indexes, machineWith, upTo } from '../salvaging.ts';

describe('what is left behind', () => {
  async function damagedAt(index: number, count = 40) {
    const machine = await machineWith(count);
    flip(machine, index);
    const { log } = await machine.recover();
    return { machine, log, left: new LeftBehind(machine.disk.mount()) };
  }

  const point = (log: { lastIndex: number; hash: number }) => ({
    index: logIndex(log.lastIndex),
    hash: log.hash,
  });

  test('goes on once the hole is filled with what stood there, and not before', async () => {
    const { log, left } = await damagedAt(20);
    expect(await left.after(point(log), 100, 1 << 20)).toEqual([]);
    log.append([entryAt(20)]);
    const entries: number[] = [];
    for (let more = true; more; ) {
      const found = await left.after(point(log), 5, 1 << 20);
      more = found.length > 0;
      expect(found.length).toBeLessThanOrEqual(5);
      log.append(found);
      entries.push(...indexes(found));
    }
    expect(entries).toEqual(upTo(40).slice(20));
    await log.close();
  });

  test('comes in portions of so many bytes, but one entry at least', async () => {
    const { log, left } = await damagedAt(20);
    log.append([entryAt(20)]);
    const size = 32 + Buffer.byteLength(JSON.stringify(entryAt(21)));
    for (const [bytesMax, count] of [
      [1, 1],
      [2 * size - 1, 1],
      [2 * size, 2],
    ] as const) {
      expect(await left.after(point(log), 100, bytesMax), `${bytesMax}`).toHaveLength(count);
    }
    await log.close();
  });

  test('is looked for first where it went on the last time', async () => {
    const { machine, log, left } = await damagedAt(9);
    log.append([entryAt(9)]);
    machine.disk.failAt(null);
    for (let more = true; more; ) {
      const found = await left.after(point(log), 1, 1 << 20);
      more = found.length > 0;
      log.append(found);
    }
    expect(log.lastIndex).toBe(40);
    const files = machine.disk.names().filter((name) => name.startsWith('damaged-'));
    const opened = machine.disk.trace.filter((call) => call.startsWith('open damaged-'));
    expect(files.length).toBeGreaterThan(2);
    // Each when the one before it is at its end, those before that as well; all at the very end.
    expect(opened.length).toBeLessThanOrEqual(files.length ** 2);
    await log.close();
  });

  test('not if something else stands there now', async () => {
    const { log, left } = await damagedAt(20);
    log.append([entryAt(20, 'another message')]);
    expect(await left.after(point(log), 100, 1 << 20)).toEqual([]);
    await log.close();
  });

  test('not from an entry that is damaged itself', async () => {
    const machine = await machineWith(40);
    flip(machine, 20);
    flip(machine, 30);
    const { log } = await machine.recover();
    log.append([entryAt(20)]);
    const left = new LeftBehind(machine.disk.mount());
    const found: number[] = [];
    for (let more = true; more; ) {
      const next = await left.after(point(log), 100, 1 << 20);
      more = next.length > 0;
      log.append(next);
      found.push(...indexes(next));
    }
    expect(found).toEqual(upTo(29).slice(20));
    await log.close();
  });
});
