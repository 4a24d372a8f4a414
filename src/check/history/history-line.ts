// One line of a history file as a record. What is not one is refused with a reason: a judgement on
// half-understood records would be worth nothing. Fields that are not known are ignored, so that
// recorders can say more than judges ask for.

import type { HistoryRecord } from './history.ts';

/** The line is not a record of a history. The message says what is wrong, without the line. */
export class MalformedRecord extends Error {
  override readonly name = 'MalformedRecord';
}

/** No log that is recorded operation by operation is longer; a larger index is a slip. */
const INDEX_MAX = 100_000_000;

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const moment: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const index: Check = (value) => Number.isInteger(value) && inRange(value as number, 0, INDEX_MAX);
const place: Check = (value) => index(value) && (value as number) >= 1;
const epoch: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const or =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
/** The field may be absent. */
const maybe = (check: Check): Check => or((value) => value === undefined, check);
const shape =
  (fields: Shape): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const operation = or(
  shape({ op: oneOf('append'), message: text }),
  shape({ op: oneOf('put'), key: text, value: text }),
  shape({ op: oneOf('remove'), key: text }),
);
const role = oneOf('master', 'secondary', 'removed', null);
const level = oneOf('local', 'majority', 'linearizable');
const asked: Shape = { client: text, node: text, call: moment };

const SHAPES: Readonly<Record<HistoryRecord['type'], Shape>> = {
  write: {
    ...asked,
    operations: (value) => listOf(operation)(value) && (value as unknown[]).length > 0,
    idempotencyKey: or(text, oneOf(null)),
    w: or(place, oneOf('majority', 'all')),
    return: or(moment, oneOf(null)),
    outcome: oneOf('ok', 'refused', 'unknown'),
    first: maybe(place),
    last: maybe(place),
    acks: maybe(listOf(text)),
    duplicate: maybe(flag),
    durable: maybe(flag),
    code: maybe(text),
  },
  log: {
    ...asked,
    life: text,
    read: level,
    return: moment,
    from: place,
    to: index,
    entries: listOf(shape({ index: place, epoch, operation })),
    lastIndex: index,
    commitIndex: index,
    final: maybe(flag),
  },
  get: {
    ...asked,
    life: text,
    read: level,
    return: moment,
    key: text,
    value: or(text, oneOf(null)),
    index: or(place, oneOf(null)),
  },
  node: {
    at: moment,
    node: text,
    life: text,
    event: oneOf(
      'start',
      'crash',
      'stop',
      'pause',
      'resume',
      'wipe',
      'repair',
      'join',
      'leave',
      'role',
      'refused-start',
    ),
    durable: maybe(flag),
    damaged: maybe(flag),
    pending: maybe(flag),
    sized: maybe(flag),
    role: maybe(role),
    epoch: maybe(epoch),
  },
  fault: { at: moment, node: text, kind: text, detail: maybe(text) },
  health: {
    at: moment,
    node: text,
    role,
    epoch,
    mode: oneOf('read-write', 'read-only', null),
    lastIndex: index,
    commitIndex: index,
    alive: maybe(index),
    needed: maybe(index),
    size: maybe(place),
  },
  phase: {
    at: moment,
    phase: oneOf('safety', 'liveness', 'end'),
    until: maybe(moment),
    keys: maybe(place),
  },
};

/** Lines of a file of `chaos --record` that say what was done, not what was seen. */
const DEEDS: ReadonlySet<unknown> = new Set(['run', 'step', 'miss']);

/** The record in a line of JSON; null: it says what was done, which is not judged. Throws
 * MalformedRecord. */
export function parseRecord(line: string): HistoryRecord | null {
  const value = parseJson(line);
  if (!isObject(value)) throw new MalformedRecord('not a JSON object');
  const { type } = value;
  if (DEEDS.has(type)) return null;
  const fields =
    typeof type === 'string' && Object.hasOwn(SHAPES, type) ? SHAPES[type as 'log'] : null;
  if (fields === null) {
    throw new MalformedRecord(`"type" is none of ${Object.keys(SHAPES).join(', ')}`);
  }
  const wrong = Object.entries(fields).find(([name, check]) => !check(value[name]));
  if (wrong !== undefined) {
    const state = value[wrong[0]] === undefined ? 'is missing' : 'is not what it should be';
    throw new MalformedRecord(`"${wrong[0]}" of a ${type} record ${state}`);
  }
  const record = value as unknown as HistoryRecord;
  const ends = 'return' in record ? record.return : null;
  if (ends !== null && ends < (record as { call: number }).call) {
    throw new MalformedRecord('"return" is before "call"');
  }
  if (record.type === 'write' && record.outcome === 'ok' && ends === null) {
    throw new MalformedRecord('"return" of a write that succeeded is missing');
  }
  if (record.type === 'write' && record.outcome === 'ok' && record.first === undefined) {
    throw new MalformedRecord('"first" of a write that succeeded is missing');
  }
  // Nobody can tell since when they have it.
  if (record.type === 'write' && record.acks !== undefined && ends === null) {
    throw new MalformedRecord('"acks" of a write that was never answered');
  }
  // Of a single operation the one index says both. A batch without its end would be judged as if it
  // had answered for one operation only.
  if (record.type === 'write' && record.operations.length > 1) {
    if (record.first !== undefined && record.last === undefined) {
      throw new MalformedRecord('"last" of a batch with "first" is missing');
    }
  }
  if (record.type === 'get' && (record.value === null) !== (record.index === null)) {
    throw new MalformedRecord('"value" and "index" of a get record are null together');
  }
  return record;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new MalformedRecord('not JSON');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inRange(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}
