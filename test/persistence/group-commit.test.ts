// What happens while a write or a read is under way.

import { describe, expect, it } from 'vitest';
import { at, entriesOf } from './entries.ts';
import { Machine, SMALL } from './machine.ts';

/** Lets everything happen that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('while a write is under way', () => {
  it('all that gathers goes out in the next one', async () => {
    const machine = new Machine({});
    const { log } = await machine.recover();
    log.append(entriesOf(1, 1));
    const release = machine.disk.hold('write');
    const requests = [log.persist(1, at(1))];
    await turn();
    for (let index = 2; index <= 50; index += 1) {
      log.append(entriesOf(index, index));
      requests.push(log.persist(index, at(index)));
    }
    machine.disk.failAt(null);
    release();
    await Promise.all(requests);
    expect(machine.disk.trace.filter((call) => call.startsWith('write'))).toHaveLength(1);
  });

  it('a repeated request joins the first one', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 2));
    const copies = [log.persist(1, at(2)), log.persist(1, at(2))];
    await turn();
    copies.push(log.persist(1, at(2)));
    await Promise.all(copies);
    await log.persist(1, at(2));
  });

  it('what is cut off is not waited for any more', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 9));
    const early = log.persist(1, at(9));
    log.truncate(at(4));
    const late = log.persist(2, at(9));
    await Promise.all([early, late]);
    await log.close();
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 4));
  });

  it('cutting off and appending anew changes nothing of what is being written', async () => {
    const machine = new Machine(SMALL);
    const { log } = await machine.recover();
    log.append(entriesOf(1, 4));
    await log.persist(1, at(4));
    log.append(entriesOf(5, 7));
    const release = machine.disk.hold('write');
    const writing = log.persist(2, at(7));
    await turn();
    log.truncate(at(5));
    log.append(entriesOf(6, 9, 2));
    release();
    // The power goes when the write is done and the cut is not: a valid log of its time.
    machine.disk.failAt({ at: 1, fault: 'power' });
    await expect(writing).rejects.toThrow('EPOWER');
    machine.disk.restart(true);
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 7));
  });

  it('what is appended after a cut stays in memory until it is durable itself', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 8));
    const release = machine.disk.hold('write');
    const writing = log.persist(1, at(8));
    await turn();
    log.truncate(at(1));
    log.append(entriesOf(2, 40, 2));
    release();
    await Promise.all([writing, log.persist(2, at(40))]);
    expect((await log.read(at(1), at(40))).entries()).toEqual([
      ...entriesOf(1, 1),
      ...entriesOf(2, 40, 2),
    ]);
    machine.disk.restart(true);
    expect((await machine.recover()).entries).toHaveLength(40);
  });

  it('what was cut off is saved as it was, whatever is written meanwhile', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 30));
    await log.persist(1, at(30));
    const release = machine.disk.hold('read');
    const reading = log.read(at(1), at(2));
    log.truncate(at(28));
    for (let index = 29; index <= 60; index += 1) log.append(entriesOf(index, index, 2));
    const request = log.persist(2, at(60));
    await turn();
    release();
    await Promise.all([reading, request]);
    const saved = machine.disk.content('aside-29-30.jsonl').toString('utf8');
    expect(saved.trimEnd().split('\n')).toEqual(entriesOf(29, 30).map((e) => JSON.stringify(e)));
  });
});

describe('while a read is under way', () => {
  it('the end of what it reads may leave memory', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 40));
    await log.persist(1, at(40));
    const release = machine.disk.hold('read');
    const reading = log.read(at(1), at(40));
    for (let index = 41; index <= 90; index += 1) {
      log.append(entriesOf(index, index));
      await log.persist(index, at(index));
    }
    release();
    expect((await reading).entries()).toEqual(entriesOf(1, 40));
  });

  it('what it reads may be cut off', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 60));
    await log.persist(1, at(60));
    const release = machine.disk.hold('read');
    const reading = log.read(at(1), at(30));
    log.truncate(at(2));
    const request = log.persist(2, at(2));
    for (let n = 0; n < 20; n += 1) await turn();
    release();
    await request;
    expect((await reading).entries()).toEqual(entriesOf(1, 30));
  });
});
