// One slip in one answer of a history: a value, an index, a time, an outcome, a level, or who has
// it. Some slips leave a history that is still possible.

import type {
  GetRecord,
  HistoryRecord,
  LogRecord,
  WriteRecord,
} from '../../../src/check/history/history.ts';
import type { Chance } from '../../../src/sim/chance.ts';

type Editable<T> = { -readonly [Name in keyof T]: T[Name] };
type Write = Editable<WriteRecord>;
type Page = Editable<Omit<LogRecord, 'entries'>> & {
  entries: Editable<LogRecord['entries'][number]>[];
};
type Get = Editable<GetRecord>;
type Answer = Write | Page | Get;

/** Each changes the record, if it can. */
const OF_ALL: Readonly<Record<string, (answer: Answer, chance: Chance) => void>> = {
  'asked later': (answer, chance) => {
    const last = answer.return ?? answer.call + 9;
    answer.call = chance.whole(answer.call, last);
  },
  'answered earlier': (answer, chance) => {
    if (answer.return !== null) answer.return = chance.whole(answer.call, answer.return);
  },
};

const OF_WRITES: Readonly<Record<string, (write: Write, chance: Chance) => void>> = {
  'another index': (write, chance) => {
    if (write.first === undefined) return;
    const by = chance.pick([-2, -1, 1, 2]);
    if (write.first + by < 1) return;
    write.first += by;
    write.last! += by;
  },
  'refused after all': (write) => {
    write.outcome = 'refused';
    for (const name of ['first', 'last', 'acks', 'duplicate'] as const) delete write[name];
  },
  'success after all': (write, chance) => {
    if (write.outcome === 'ok' || write.return === null) return;
    const first = write.first ?? chance.whole(1, 7);
    const last = first + write.operations.length - 1;
    Object.assign(write, { outcome: 'ok', first, last, acks: write.acks ?? ['n1', 'n2'] });
    delete write.code;
  },
  'reused after all': (write) => {
    if (write.idempotencyKey === null || write.outcome !== 'refused') return;
    write.code = 'idempotency-key-reused';
  },
  'fewer have it': (write, chance) => {
    if (write.acks === undefined) return;
    const gone = chance.pick(write.acks);
    write.acks = write.acks.filter((node) => node !== gone);
  },
  'more have it': (write, chance) => {
    if (write.acks !== undefined) write.acks = [...write.acks, chance.pick(['n1', 'n2', 'n3'])];
  },
  'a repeat or not': (write) => {
    if (write.outcome !== 'ok' || write.idempotencyKey === null) return;
    if (write.duplicate === true) delete write.duplicate;
    else write.duplicate = true;
  },
};

const OF_PAGES: Readonly<Record<string, (page: Page, chance: Chance) => void>> = {
  'an entry less': (page, chance) => {
    if (page.entries.length === 0) return;
    page.entries.splice(chance.whole(0, page.entries.length - 1), 1);
  },
  'a shorter log': (page) => {
    if (page.entries.length === 0) return;
    page.entries.pop();
    page.to -= 1;
    page.lastIndex -= 1;
    page.commitIndex = Math.min(page.commitIndex, page.lastIndex);
  },
  'two entries changed': (page, chance) => {
    if (page.entries.length < 2) return;
    const at = chance.whole(1, page.entries.length - 1);
    const [one, two] = [page.entries[at - 1]!, page.entries[at]!];
    [one.operation, two.operation] = [two.operation, one.operation];
  },
  'another end': (page, chance) => {
    page.lastIndex = Math.max(0, page.lastIndex + chance.pick([-1, 1]));
  },
  'another commit index': (page, chance) => {
    page.commitIndex = Math.max(0, page.commitIndex + chance.pick([-2, -1, 1, 2]));
  },
};

const OF_GETS: Readonly<Record<string, (get: Get, chance: Chance) => void>> = {
  'no value': (get) => {
    get.value = get.index = null;
  },
  'another value': (get, chance) => {
    if (get.index !== null) get.value = `v${chance.whole(1, 6)}`;
  },
  'another index': (get, chance) => {
    if (get.index !== null) get.index = Math.max(1, get.index + chance.pick([-2, -1, 1, 2]));
  },
  'a value after all': (get, chance) => {
    if (get.index !== null) return;
    const index = chance.whole(1, 7);
    Object.assign(get, { value: `v${chance.whole(1, 6)}`, index });
  },
  'another key': (get) => {
    get.key = get.key === 'j' ? 'k' : 'j';
  },
};

const OF_READS: Readonly<Record<string, (read: Page | Get, chance: Chance) => void>> = {
  'another level': (read, chance) => {
    const levels = read.node === 'n1' ? (['local', 'majority', 'linearizable'] as const) : null;
    read.read = chance.pick(levels ?? (['local', 'majority'] as const));
  },
  'another node': (read, chance) => {
    if (read.read === 'linearizable') return;
    read.node = chance.pick(['n1', 'n2']);
    read.life = `${read.node}-1`;
  },
};

/** What the slip is called; null: it changed nothing. The records are in the order in which they
 * ended again. */
export function slip(
  records: readonly HistoryRecord[],
  chance: Chance,
): { readonly name: string; readonly records: HistoryRecord[] } | null {
  const before = JSON.stringify(records);
  const copy = JSON.parse(before) as HistoryRecord[];
  const answers = copy.filter(({ type }) => ['write', 'log', 'get'].includes(type)) as Answer[];
  // The first one says who the members are.
  const answer = chance.pick(answers.slice(1));
  const kinds = { ...OF_ALL, ...kindsOf(answer) };
  const name = chance.pick(Object.keys(kinds));
  (kinds[name] as (answer: Answer, chance: Chance) => void)(answer, chance);
  if (JSON.stringify(copy) === before) return null;
  return { name: `${answer.type}: ${name}`, records: inOrder(copy) };
}

function kindsOf(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.type === 'write') return OF_WRITES;
  return { ...OF_READS, ...(answer.type === 'log' ? OF_PAGES : OF_GETS) };
}

/** What got no answer ended nowhere: it stays behind all that was answered before it. */
function inOrder(records: HistoryRecord[]): HistoryRecord[] {
  let latest = 0;
  const timed = records.map((record) => {
    const end = 'return' in record ? record.return : 'at' in record ? record.at : null;
    if (end !== null) latest = end;
    return { record, end: end ?? latest };
  });
  return timed.sort((a, b) => a.end - b.end).map(({ record }) => record);
}
