// Folders as earlier versions of the program have written them, in `earlier`, and the log that each
// of them holds. Nothing of today can make them anew: they are kept as they are.

import { readdirSync, readFileSync } from 'node:fs';
import { epoch } from '../../src/core/ids.ts';
import { type Entry, entryOf, type Operation } from '../../src/core/operation.ts';
import { at } from './entries.ts';
import { Machine, SMALL } from './machine.ts';

const FOLDERS = new URL('earlier/', import.meta.url);

/** What each of them was the first to have. */
export const EARLIER: readonly string[] = [
  'without-summaries',
  'with-summaries',
  'with-an-outline',
  'with-an-outline-in-parts',
];

/** A machine whose disk holds one of those folders. */
export function earlierMachine(folder: string): Machine {
  const machine = new Machine(SMALL);
  const place = new URL(`${folder}/`, FOLDERS);
  for (const name of readdirSync(place)) {
    machine.disk.place(name, readFileSync(new URL(name, place)));
  }
  return machine;
}

interface Head {
  readonly idempotencyKey?: string;
  readonly batch?: number;
}

interface Written {
  readonly operations: readonly Operation[];
  readonly head: Head;
  readonly epoch: number;
}

const message = (text: string): Operation => ({ op: 'append', message: text });
const put = (key: string, value: string): Operation => ({ op: 'put', key, value });
const one = (operation: Operation, idempotencyKey?: string, of = 1): Written => ({
  operations: [operation],
  head: idempotencyKey === undefined ? {} : { idempotencyKey },
  epoch: of,
});

function* requests(): Generator<Written> {
  yield one(message('first'), 'append');
  yield one(put('a\0b', 'c'), 'put');
  yield one(put('__proto__', 'x'));
  yield one(put('gone', 'y'), 'put gone');
  yield one({ op: 'remove', key: 'gone' }, 'remove');
  const three = ['one', 'two', 'three é 😀'].map(message);
  yield { operations: three, head: { idempotencyKey: 'batch', batch: 3 }, epoch: 1 };
  const alone = [message('alone')];
  yield { operations: alone, head: { idempotencyKey: 'batch of one', batch: 1 }, epoch: 1 };
  for (let i = 0; i < 12; i += 1) {
    const of = i < 6 ? 1 : 2;
    yield one(put('often', `${i}`.repeat(60)), undefined, of);
    if (i % 2 === 1) yield one(message(`message ${i}`), `m${i}`, of);
  }
  for (let i = 0; i < 6; i += 1) {
    yield one(message(`later ${i} ${'-'.repeat(40)}`), i % 2 === 1 ? `later ${i}` : undefined, 2);
  }
  for (let i = 0; i < 3; i += 1) yield one(put(`end ${i}`, 'v'), undefined, 2);
}

/** All entries that were written to each of those folders, a request each. */
export function earlierEntries(): Entry[][] {
  let index = 0;
  return [...requests()].map(({ operations, head, epoch: of }) =>
    operations.map((operation, part) => {
      index += 1;
      const place = { index: at(index), epoch: epoch(of), at: '2024-05-01T12:00:00.000Z' };
      return entryOf(operation, place, part === 0 ? head : {});
    }),
  );
}
