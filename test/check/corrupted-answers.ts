// Histories in which an answer says what is not so: of a write, a read, a node's role or its end.

import {
  type Corruption,
  finals,
  gets,
  grown,
  logs,
  shortened,
  writes,
  written,
} from './corruption.ts';
import { type Editable, ofType } from './legal-history.ts';
import { message, put } from './recording.ts';

/** The last thing that happens before the history is over. */
function beforeEnd(records: Editable[], record: Editable, ends: number): void {
  records.splice(-1, 0, record);
  Object.assign(records.at(-1)!, { at: ends });
}

// Each changes one record, or one fact in all of them, and breaks one rule.
export const CORRUPTED_ANSWERS: readonly Corruption[] = [
  // write concern
  [
    'too few have it',
    'write concern',
    (records) => {
      written(records, 'late').w = 3;
      writes(records).find(({ w, outcome }) => w === 3 && outcome === 'ok')!.acks = ['n1', 'n2'];
    },
  ],
  [
    'no majority has it',
    'write concern',
    (records) => {
      written(records, 'one').acks = ['n1'];
    },
  ],
  [
    'one node is named twice',
    'write concern',
    (records) => {
      written(records, 'one').acks = ['n1', 'n1'];
    },
  ],
  [
    'the master does not have it',
    'write concern',
    (records) => {
      written(records, 'one').acks = ['n2', 'n3'];
    },
  ],
  [
    'a member is missing in all',
    'write concern',
    (records) => {
      writes(records).filter(({ w }) => w === 'all')[1]!.acks = ['n1', 'n2'];
    },
  ],
  [
    'nobody is named',
    'write concern',
    (records) => {
      delete written(records, 'one').acks;
    },
  ],
  // no ghost
  [
    'what was refused is in the logs',
    'no ghost',
    (records) => {
      for (const log of finals(records)) grown(log, 'no');
    },
  ],
  [
    'what nobody asked for is in the logs',
    'no ghost',
    (records) => {
      const lost = written(records, 'lost');
      records.splice(records.indexOf(lost), 1);
    },
  ],
  [
    'an operation is seen before it is asked for',
    'no ghost',
    (records) => {
      const write = written(records, 'lost');
      write.call = 1e6;
    },
  ],
  // honest refusal
  [
    'a key is said to stand for another request, and was never used for one',
    'honest refusal',
    (records) => {
      const refused = writes(records).find(({ code }) => code === 'idempotency-key-reused')!;
      refused.idempotencyKey = 'nobody-else';
    },
  ],
  // one master per epoch
  [
    'two nodes lead one epoch',
    'one master per epoch',
    (records) => {
      ofType(records, 'node').filter(({ role }) => role === 'master')[1]!.epoch = 1;
      ofType(records, 'health')[1]!.epoch = 1;
    },
  ],
  [
    'another node says it is master',
    'one master per epoch',
    (records) => {
      ofType(records, 'health')[1]!.node = 'n2';
    },
  ],
  [
    'the epoch of a node falls',
    'one master per epoch',
    (records) => {
      const health = structuredClone(ofType(records, 'health')[1]!);
      health.epoch = 1;
      health.role = 'secondary';
      Object.assign(health, { at: 1e6 });
      beforeEnd(records, health, health.at);
    },
  ],
  // converges
  [
    'the final logs differ',
    'converges',
    (records) => {
      const others = finals(records).filter(({ node }) => node !== 'n2');
      for (const log of others) grown(log, 'never');
    },
  ],
  [
    'a write is refused after all was to have healed',
    'converges',
    (records) => {
      const write = structuredClone(written(records, 'no'));
      write.call = 1e6;
      write.return = 1e6 + 1;
      write.operations = [message('after')] as never;
      beforeEnd(records, write, write.return);
    },
  ],
  [
    'the master is read-only after all was to have healed',
    'converges',
    (records) => {
      const health = structuredClone(ofType(records, 'health')[1]!);
      Object.assign(health, { at: 1e6, mode: 'read-only' });
      beforeEnd(records, health, health.at);
    },
  ],
  [
    'a node has another value at the end',
    'converges',
    (records) => {
      const get = gets(records).at(-1)!;
      Object.assign(get, { value: null, index: null, node: 'n3', life: 'n3-2', read: 'majority' });
    },
  ],
  // quorum mode
  [
    'a master is read-write without a quorum',
    'quorum mode',
    (records) => {
      ofType(records, 'health')[0]!.alive = 1;
    },
  ],
  [
    'half the nodes count as a quorum',
    'quorum mode',
    (records) => {
      ofType(records, 'health')[0]!.needed = 1;
    },
  ],
  // bounded
  [
    'a refused write has an index',
    'bounded',
    (records) => {
      written(records, 'no').first = 4;
    },
  ],
  [
    'a page shows what it does not cover',
    'bounded',
    (records) => {
      logs(records)[0]!.to = 1;
    },
  ],
  [
    'a settled page is of a log that ends behind what is on a majority',
    'bounded',
    (records) => {
      const read = logs(records).find(({ read }) => read === 'linearizable')!;
      read.entries.pop();
      read.to -= 1;
      read.commitIndex = read.to;
    },
  ],
  [
    'a node that does not exist has it',
    'bounded',
    (records) => {
      written(records, 'one').acks = ['n1', 'n2', 'n9'];
    },
  ],
  [
    'a node that does not exist is read',
    'bounded',
    (records) => {
      logs(records)[0]!.node = 'n9';
    },
  ],
  [
    'a node answers in a life that has not begun',
    'bounded',
    (records) => {
      gets(records)[0]!.life = 'n1-9';
    },
  ],
  // no silent damage
  [
    'a letter changes on one node',
    'no silent damage',
    (records) => {
      const { operation } = logs(records)[1]!.entries[0]!;
      if (operation.op === 'append') operation.message = 'onf';
    },
  ],
  [
    'a settled value is not what was written',
    'no silent damage',
    (records) => {
      const get = gets(records).find(({ read }) => read === 'linearizable')!;
      get.value = 'v9';
    },
  ],
  // linearizable
  [
    'a linearizable read misses what was acknowledged',
    'linearizable',
    (records) => {
      const read = logs(records).find(({ read }) => read === 'linearizable')!;
      shortened(read, 5);
    },
  ],
  [
    'a linearizable value is old',
    'linearizable',
    (records) => {
      const get = gets(records).find(({ read }) => read === 'linearizable')!;
      Object.assign(get, { value: 'v1', index: 3 });
    },
  ],
  [
    'a value is gone that nobody removed',
    'linearizable',
    (records) => {
      const get = gets(records).find(({ read }) => read === 'linearizable')!;
      Object.assign(get, { value: null, index: null });
      const removal = writes(records).find(({ operations: [first] }) => first!.op === 'remove')!;
      const operation = put('other', 'x');
      removal.operations = [operation] as never;
      for (const { entries } of logs(records)) {
        for (const entry of entries)
          if (entry.operation.op === 'remove') entry.operation = operation;
      }
      for (const other of gets(records).slice(2)) {
        if (other !== get && other.value === null) records.splice(records.indexOf(other), 1);
      }
    },
  ],
];
