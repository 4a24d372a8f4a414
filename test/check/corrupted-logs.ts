// Histories in which a log is not what it was, or what it must be.

import { expect } from 'vitest';
import {
  type Corruption,
  dropAt,
  finals,
  gets,
  grown,
  logs,
  replaced,
  shortened,
  writes,
  written,
} from './corruption.ts';
import { message } from './recording.ts';

// Each changes one record, or one fact in all of them, and breaks one rule.
export const CORRUPTED_LOGS: readonly Corruption[] = [
  // durable
  [
    'the end of all final logs is gone',
    'durable',
    (records) => {
      for (const log of finals(records)) {
        log.lastIndex -= 2;
        log.to -= 2;
        log.commitIndex -= 2;
        log.entries.splice(-2);
      }
      const proved = logs(records).filter(({ read }) => read === 'linearizable');
      for (const read of [...gets(records).slice(-2), proved.at(-1)!]) {
        records.splice(records.indexOf(read), 1);
      }
    },
  ],
  [
    'a committed entry differs from the acknowledged one',
    'durable',
    (records) => {
      const [one, two] = logs(records)[0]!.entries;
      [one!.operation, two!.operation] = [two!.operation, one!.operation];
    },
  ],
  [
    'a node restarts without what it acknowledged',
    'durable',
    (records) => {
      const read = logs(records).find(({ life }) => life === 'n3-2')!;
      shortened(read, 4);
    },
  ],
  // exactly once
  [
    'a key is answered with two indexes',
    'exactly once',
    (records) => {
      const again = writes(records).find(({ duplicate }) => duplicate === true)!;
      again.first = 7;
      again.last = 9;
    },
  ],
  [
    'a message is in the logs twice',
    'exactly once',
    (records) => {
      replaced(records, 'never', 'one');
      for (const log of finals(records)) grown(log, 'one');
    },
  ],
  [
    'half a batch is in the logs',
    'exactly once',
    (records) => {
      const batch = writes(records).find(({ operations }) => operations.length === 3)!;
      const open = structuredClone(batch);
      Object.assign(open, { idempotencyKey: 'half', outcome: 'unknown' });
      delete open.first;
      delete open.last;
      open.operations = [message('h1'), message('h2')] as never;
      records.splice(records.indexOf(batch), 0, open);
      for (const log of finals(records)) grown(log, 'h1');
    },
  ],
  // total order
  [
    'one index is given to two writes',
    'total order',
    (records) => {
      const write = written(records, 'two');
      write.first = 1;
      write.last = 1;
      write.call = 0;
    },
  ],
  [
    'a later write gets a lower index',
    'total order',
    (records) => {
      const write = written(records, 'three');
      write.first = 2;
      write.last = 2;
    },
  ],
  [
    'two entries change places in one answer',
    'total order',
    (records) => {
      const [one, two] = logs(records)[1]!.entries;
      [one!.operation, two!.operation] = [two!.operation, one!.operation];
    },
  ],
  [
    'an entry is shown behind a later one',
    'total order',
    (records) => {
      logs(records)[0]!.entries.reverse();
    },
  ],
  [
    'an epoch falls along a log',
    'total order',
    (records) => {
      logs(records)[0]!.entries[0]!.epoch = 2;
    },
  ],
  // never back
  [
    'a log shrinks',
    'never back',
    (records) => {
      const read = logs(records).filter(({ node, life }) => node === 'n2' && life === 'n2-1')[1]!;
      for (const write of writes(records)) {
        if (write.acks !== undefined) write.acks = write.acks.filter((node) => node !== 'n2');
      }
      for (const write of writes(records)) if (write.w !== 1) write.w = 1;
      shortened(read, 2);
    },
  ],
  [
    'a message is missing in the middle',
    'never back',
    (records) => {
      dropAt(logs(records)[1]!, 2);
    },
  ],
  [
    'what a node shows changes',
    'never back',
    (records) => {
      const read = logs(records).find(({ from }) => from === 3)!;
      const [earlier] = logs(records).filter(({ node }) => node === 'n2');
      read.node = 'n2';
      read.life = 'n2-1';
      for (const entry of read.entries) entry.epoch = 0;
      expect(earlier!.entries[2]!.epoch).toBe(1);
    },
  ],
  [
    'a value goes back',
    'never back',
    (records) => {
      const [first, second, , later] = gets(records);
      expect([second!.index, later!.node]).toEqual([7, second!.node]);
      Object.assign(later!, { value: first!.value, index: first!.index });
    },
  ],
];
