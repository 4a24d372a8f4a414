import { describe, expect, test, vi } from 'vitest';
import { BLANK_MEMORY, type Effect, type Event, type Memory } from '../../../src/core/effects.ts';
import { callId, epoch, logIndex, seq, session, type Ticket } from '../../../src/core/ids.ts';
import { Folds } from '../../../src/core/log/ledger.ts';
import type { SnapshotOrder } from '../../../src/core/messages.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import type { Replica } from '../../../src/core/replica.ts';
import { realClock } from '../../../src/node/runtime/event-queue.ts';
import { Runtime } from '../../../src/node/runtime/runtime.ts';
import { MemoryPersistence } from '../../../src/persistence/log/memory-persistence.ts';
import { DamagedLog, StorageFailure } from '../../../src/persistence/persistence.ts';
import { entries } from '../../core/bench.ts';
import { N1 } from '../fake-engine.ts';
import { mostInOne, TurnCounter } from '../turn-counter.ts';

interface Watched {
  readonly now?: () => number;
  readonly unwrittenLog?: () => void;
  readonly persistTook?: (ms: number) => void;
}

/** A runtime around a machine of one rule; retries are called by hand. */
function bench(
  rule: (event: Event) => Effect[],
  status = () => ({ lastIndex: 0, commitIndex: 0 }),
  { now = realClock.now, unwrittenLog = () => {}, persistTook = () => {} }: Watched = {},
) {
  const persistence = new MemoryPersistence();
  const broken: unknown[] = [];
  const retries: (() => void)[] = [];
  const sent: (readonly Entry[] | undefined)[] = [];
  const machine = {
    step: rule,
    deadline: () => Number.POSITIVE_INFINITY,
    status,
  };
  const runtime = new Runtime({
    replica: machine as unknown as Replica,
    persistence,
    folds: new Folds(DEFAULT_OPTIONS),
    outgoing: {
      send: (_to, _request, chunk) => {
        sent.push(chunk?.entries());
        return new Promise(() => {});
      },
    },
    clock: {
      ...realClock,
      now,
      after: (_ms, run) => {
        retries.push(run);
        return () => {};
      },
    },
    options: DEFAULT_OPTIONS,
    note: () => {},
    unwritten: () => {},
    unwrittenLog,
    broken: (error) => broken.push(error),
    persistTook,
  });
  return { runtime, persistence, broken, retries, sent };
}

describe('a Fetch of what cannot be read', () => {
  const fetch = { type: 'Fetch', epoch: epoch(1), from: logIndex(1) } as const;
  const answering = () =>
    bench((event) => {
      if (event.type !== 'Received') return [];
      const response = { type: 'FetchedOrder', from: logIndex(1), lastIndex: logIndex(1) } as const;
      return [{ type: 'Respond', ticket: event.ticket, response }];
    });

  test.each([
    new StorageFailure('EIO: i/o error, read', false),
    new DamagedLog('log-1.seg', 32, 'an entry whose checksum is wrong'),
  ])('is not answered, and the node goes on: %s', async (error) => {
    const { runtime, persistence, broken } = answering();
    vi.spyOn(persistence, 'measure').mockReturnValue({ to: logIndex(1), count: 1, bytes: 9 });
    vi.spyOn(persistence, 'read').mockRejectedValue(error as never);
    await expect(runtime.receive(fetch)).rejects.toBe(error);
    expect(broken).toEqual([]);
    runtime.close();
  });

  test('ends the node where it is a mistake of the program', async () => {
    const { runtime, persistence, broken } = answering();
    const mistake = new TypeError('x is not a function');
    vi.spyOn(persistence, 'measure').mockReturnValue({ to: logIndex(1), count: 1, bytes: 9 });
    vi.spyOn(persistence, 'read').mockRejectedValue(mistake as never);
    void runtime.receive(fetch);
    await vi.waitFor(() => expect(broken).toEqual([mistake]));
    runtime.close();
  });
});

test('a Snapshot that cannot be read here is no failure of the node that it was for', async () => {
  const errors: string[] = [];
  const at = { epoch: epoch(1), from: logIndex(1), to: logIndex(1), commitIndex: logIndex(0) };
  const order = { type: 'Snapshot', session: 1, seq: 0, master: N1, opened: logIndex(0), ...at };
  const { runtime, persistence, sent } = bench((event) => {
    if (event.type === 'Unanswered') errors.push(event.error);
    const send = { type: 'Send', call: 1, to: N1.url, request: order } as unknown as Effect;
    return event.type === 'Start' ? [send] : [];
  });
  const damage = new DamagedLog('log-1.seg', 32, 'an entry whose checksum is wrong');
  vi.spyOn(persistence, 'measure').mockReturnValue({ to: logIndex(1), count: 1, bytes: 9 });
  vi.spyOn(persistence, 'read').mockRejectedValue(damage as never);
  runtime.start();
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  expect(errors[0]).toBe(`not sent: this master has ${damage.message}`);
  expect(sent).toEqual([]);
  runtime.close();
});

test('a write comes to the machine as it was asked for, with a ticket of its own', async () => {
  const seen: Event[] = [];
  const outcome = { type: 'Overloaded' } as const;
  const { runtime } = bench((event) => {
    seen.push(event);
    return event.type === 'Write' ? [{ type: 'Reply', ticket: event.ticket, outcome }] : [];
  });
  const place = { batch: true, at: '2026-01-01T00:00:00.000Z', w: 'all' } as const;
  const limits = { timeoutMs: 5, arrivedAt: 7, idempotencyKey: 'key', ifIndex: null };
  const write = { operations: [{ op: 'remove', key: 'k' }] as const, ...place, ...limits };
  expect(await Promise.all([runtime.write(write), runtime.write(write)])).toEqual([
    outcome,
    outcome,
  ]);
  expect(seen).toEqual([1, 2].map((ticket) => ({ type: 'Write', ticket, ...write })));
  runtime.close();
});

test('thousands who are answered in one step are told in portions, before a stop', async () => {
  const tickets: Ticket[] = [];
  const { runtime } = bench((event) => {
    if (event.type === 'Write') tickets.push(event.ticket);
    if (event.type !== 'Stop') return [];
    return tickets.map((ticket) => ({ type: 'Reply', ticket, outcome: { type: 'ShuttingDown' } }));
  });
  const counter = new TurnCounter();
  const turns: number[] = [];
  const write = { operations: [], batch: false, at: '2026-01-01T00:00:00.000Z', w: 1 } as const;
  for (let n = 0; n < 3_000; n += 1) {
    void runtime.write(write).then(() => turns.push(counter.count));
  }
  await runtime.stop();
  counter.stop();
  expect(turns).toHaveLength(3_000);
  expect(mostInOne(turns)).toBe(1_024);
  runtime.close();
});

test('how long the disk took is told, once what was written is there', async () => {
  let now = 1_000;
  const took: number[] = [];
  const { runtime, persistence } = bench(
    ({ type }) => (type === 'Start' ? [{ type: 'Persist', id: 1, upTo: logIndex(0) }] : []),
    undefined,
    { now: () => now, persistTook: (ms) => took.push(ms) },
  );
  let written: () => void = () => undefined;
  const writing = new Promise<void>((resolve) => {
    written = resolve;
  });
  vi.spyOn(persistence, 'persist').mockReturnValue(writing);
  runtime.start();
  await vi.waitFor(() => expect(persistence.persist).toHaveBeenCalled());
  now += 25;
  expect(took).toEqual([]);
  written();
  await vi.waitFor(() => expect(took).toEqual([25]));
  runtime.close();
});

test('a memory that could not be written is not written over a newer one', async () => {
  const memory = (of: number): Memory => ({ ...BLANK_MEMORY, epoch: epoch(of) });
  const { runtime, persistence, retries, broken } = bench((event) => {
    if (event.type !== 'Start') return [];
    return [1, 2].map((id) => ({ type: 'Remember', id, memory: memory(id) }));
  });
  const written: number[] = [];
  vi.spyOn(persistence, 'remember').mockImplementation(async ({ epoch: of }) => {
    if (of === 1) throw new StorageFailure('EIO: i/o error, write', false);
    written.push(of);
  });
  runtime.start();
  await vi.waitFor(() => expect(retries).toHaveLength(1));
  vi.spyOn(persistence, 'remember').mockImplementation(async ({ epoch: of }) => {
    written.push(of);
  });
  for (const retry of retries) retry();
  expect(written).toEqual([2]);
  expect(broken).toEqual([]);
  runtime.close();
});

test('a log that was not written for a second is told of, until it is again', async () => {
  let now = 0;
  const failure = new StorageFailure('EMFILE: too many open files, open', false);
  const results = [failure, failure, null, failure, failure, failure];
  const seen: string[] = [];
  const told: string[] = [];
  const { runtime, persistence } = bench(
    (event) => {
      seen.push(event.type);
      const id = seen.length;
      return id > results.length ? [] : [{ type: 'Persist', id, upTo: logIndex(1) }];
    },
    undefined,
    { now: () => now, unwrittenLog: () => told.push(`after ${seen.length} events`) },
  );
  vi.spyOn(persistence, 'persist').mockImplementation(async () => {
    now += 600;
    const result = results[seen.length - 1];
    if (result !== null) throw result;
  });
  runtime.start();
  await vi.waitFor(() => expect(seen).toHaveLength(results.length + 1));
  expect(seen[3]).toBe('Persisted');
  // Each is 0.6 s later than the one before: only the last is the third in a row.
  expect(told).toEqual(['after 6 events']);
  runtime.close();
});

test('who listens to the progress of a log is told until he does not want to be', async () => {
  let lastIndex = 0;
  const { runtime } = bench(
    () => {
      lastIndex += 1;
      return [];
    },
    () => ({ lastIndex, commitIndex: 0 }),
  );
  const heard: string[] = [];
  const stop = runtime.onProgress(() => heard.push('first'));
  const both = new Promise<void>((resolve) => {
    runtime.onProgress(() => {
      heard.push('second');
      resolve();
    });
  });
  runtime.start();
  await both;
  expect(heard).toEqual(['first', 'second']);
  stop();
  await runtime.stop();
  expect(heard).toEqual(['first', 'second', 'second']);
  runtime.close();
});

test('a Snapshot says what the log has now, not what a cut has taken out of it', async () => {
  const snapshot: SnapshotOrder = {
    type: 'Snapshot',
    ...{ epoch: epoch(2), session: session(1), seq: seq(0) },
    ...{ commitIndex: logIndex(0), from: logIndex(1), to: logIndex(3) },
  };
  const send = (call: number): Effect => {
    return { type: 'Send', call: callId(call), to: 'http://n2', request: snapshot };
  };
  const { runtime, sent } = bench((event) =>
    event.type !== 'Start'
      ? []
      : [
          { type: 'Append', entries: entries(1, 3, 1) },
          send(1),
          { type: 'Truncate', after: logIndex(2) },
          { type: 'Append', entries: entries(3, 3, 2) },
          send(2),
        ],
  );
  runtime.start();
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  expect(sent.map((said) => said?.map((one) => one.epoch))).toEqual([
    [1, 1, 1],
    [1, 1, 2],
  ]);
  runtime.close();
});
