// The story of an operation, told from a trace that is written as the host writes it.

import { describe, expect, test, vi } from 'vitest';
import type { Outcome, Write, WriteConcern } from '../../../src/core/effects.ts';
import { epoch, logIndex, nodeId, seq, session, ticket } from '../../../src/core/ids.ts';
import type { Snapshot, SnapshotOrder } from '../../../src/core/messages.ts';
import { entryOf, type Operation } from '../../../src/core/operation.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { LINES_MAX } from '../../../src/node/story/story.ts';
import { Trace } from '../../../src/node/story/trace.ts';
import { call } from '../calls.ts';
import { FakeEngine, N2 } from '../fake-engine.ts';
import { mostInOne, TurnCounter } from '../turn-counter.ts';

const WALL = Date.parse('2030-01-02T03:04:10.000Z');
const HELLO: Operation = { op: 'append', message: 'hello' };

/** A node at 03:04:10, whose monotonic clock shows 10,000 then; stories begin at 1,000. */
function setUp(records?: number) {
  const engine = new FakeEngine();
  const trace = new Trace(records);
  const clock = { ...systemClock(), monotonicMs: () => 10_000, wallMs: () => WALL };
  const app = createApp(engine, { trace, clock });
  const append = (index: number, w: WriteConcern = 2, now = 1_000, timeoutMs?: number): Write => {
    const at = new Date(WALL - 10_000 + now).toISOString();
    const entry = entryOf(HELLO, { index: logIndex(index), epoch: epoch(7), at }, {});
    const write: Write = {
      ...{ type: 'Write', ticket: ticket(index), operations: [HELLO], batch: false, at, w },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    engine.persistence.append([entry]);
    trace.append([entry], write, now);
    return write;
  };
  const story = async (index: number) => (await call(app, 'GET', `/log/${index}/story`)).body;
  const told = async (index: number): Promise<[number, string, string | null][]> =>
    (await story(index)).lines.map(
      (line: { ms: number; event: string; peer: string | null }) =>
        [line.ms, line.event, line.peer] as const,
    );
  return { app, engine, trace, append, story, told };
}

const order = (from: number, to: number, place = from - 1): SnapshotOrder => ({
  type: 'Snapshot',
  epoch: epoch(7),
  session: session(3),
  seq: seq(place),
  from: logIndex(from),
  to: logIndex(to),
  commitIndex: logIndex(0),
});

const ack = (acked: number) =>
  ({
    type: 'SnapshotAck',
    session: session(3),
    seq: seq(acked),
    lastIndex: logIndex(0),
  }) as const;

const stored = (index: number, ...acks: string[]): Outcome => ({
  type: 'Stored',
  first: logIndex(index),
  last: logIndex(index),
  acks: acks.map(nodeId),
  duplicate: false,
});

describe('the master', () => {
  test('tells of each operation of a Snapshot that had no answer, and of no other', async () => {
    const { trace, append, told } = setUp();
    for (const index of [1, 2, 3]) append(index);
    trace.send(N2.url, order(1, 2), 1_001);
    trace.noAnswer(N2.url, order(1, 2), 'refuses connections', 1_002);
    for (const [index, times] of [1, 1, 0].entries()) {
      const events = (await told(index + 1)).map(([, event]) => event);
      expect(events.filter((event) => event === 'unanswered')).toHaveLength(times);
    }
  });

  test('tells a whole life, from received to answered, and who was waited for', async () => {
    const { trace, append, story, told } = setUp();
    append(1);
    trace.send(N2.url, order(1, 1), 1_001);
    trace.persist(1, logIndex(1), 1_002);
    trace.persisted(1, logIndex(1), 1_003);
    trace.answer(N2.url, order(1, 1), ack(0), 1_500);
    trace.reply(ticket(1), stored(1, 'n1', 'n2'), 1_500);
    expect(await told(1)).toEqual([
      [0, 'received', null],
      [0, 'appended', null],
      [1, 'sent', 'n2'],
      [3, 'persisted', null],
      [500, 'acknowledged', 'n2'],
      [500, 'answered', null],
    ]);
    const { lines, ...rest } = await story(1);
    expect(rest).toEqual({ index: 1, node: 'n1', complete: true });
    expect(lines[0]).toEqual({
      at: '2030-01-02T03:04:01.000Z',
      ms: 0,
      event: 'received',
      peer: null,
      text:
        "A client's append arrived; it is to be answered when 2 nodes have it, " +
        'without a time limit.',
    });
    expect(lines[2].text).toBe('Sent to n2 (session 3, seq 0).');
    expect(lines.at(-1).text).toBe(
      'Answered the client after 500 ms: 2 nodes have it (n1, n2); ' +
        'n2 was the last to be waited for.',
    );
  });

  test('who was not counted is not named among those who had it', async () => {
    const { trace, append, story } = setUp();
    append(1);
    trace.persist(1, logIndex(1), 1_002);
    trace.persisted(1, logIndex(1), 1_003);
    for (const url of [N2.url, 'http://127.0.0.1:4003']) {
      trace.send(url, order(1, 1), 1_001);
      trace.answer(url, order(1, 1), ack(0), 1_500);
    }
    trace.reply(ticket(1), stored(1, 'n1', 'n2'), 1_500);
    expect((await story(1)).lines.at(-1).text).toBe(
      'Answered the client after 500 ms: 2 nodes have it (n1, n2); ' +
        'n2 was the last to be waited for.',
    );
  });

  test('copies are counted, and what came of each is told', async () => {
    const { trace, append, told, story } = setUp();
    append(1);
    trace.send(N2.url, order(1, 1), 1_001);
    trace.noAnswer(N2.url, order(1, 1), 'refuses connections', 1_002);
    trace.send(N2.url, order(1, 1), 1_100);
    const refusal = { type: 'Refused', code: 'out-of-order', expected: seq(0) } as const;
    trace.answer(N2.url, order(1, 1), refusal, 1_101);
    trace.send(N2.url, order(1, 1), 1_200);
    trace.answer(N2.url, order(1, 1), ack(0), 1_201);
    trace.answer(N2.url, order(1, 1), ack(0), 1_300);
    expect((await told(1)).slice(2)).toEqual([
      [1, 'sent', 'n2'],
      [2, 'unanswered', 'n2'],
      [100, 'resent', 'n2'],
      [101, 'refused', 'n2'],
      [200, 'resent', 'n2'],
      [201, 'acknowledged', 'n2'],
      [300, 'late-answer', 'n2'],
      [9_000, 'waiting', null],
    ]);
    const texts = (await story(1)).lines.map(({ text }: { text: string }) => text);
    expect(texts).toContain('No usable answer from n2: refuses connections.');
    expect(texts).toContain('Sent to n2 again, copy 3 (session 3, seq 0).');
  });

  test('an acknowledgement of a later Snapshot counts for the earlier one', async () => {
    const { trace, append, told } = setUp();
    append(1);
    append(2);
    trace.send(N2.url, order(1, 1), 1_001);
    trace.send(N2.url, order(2, 2), 1_002);
    trace.answer(N2.url, order(2, 2), ack(1), 1_003);
    expect((await told(1)).slice(2)).toEqual([
      [1, 'sent', 'n2'],
      [3, 'acknowledged', 'n2'],
      [9_000, 'waiting', null],
    ]);
  });

  test('an acknowledgement of another session is not one of this', async () => {
    const { trace, append, told } = setUp();
    append(1);
    trace.send(N2.url, order(1, 1), 1_001);
    trace.answer(N2.url, order(9, 9), { ...ack(8), session: session(2) }, 1_002);
    expect((await told(1)).map(([, event]) => event)).not.toContain('acknowledged');
  });

  test('when time is up it tells who is missing; a repeat is no new life', async () => {
    const { trace, append, story } = setUp();
    const write = append(1, 2, 1_000, 1_000);
    trace.persist(1, logIndex(1), 1_001);
    trace.persisted(1, logIndex(1), 1_002);
    const outcome = { type: 'TimedOut', first: logIndex(1), last: logIndex(1), acks: [] } as const;
    trace.reply(ticket(1), { ...outcome, acks: [nodeId('n1')] }, 1_999.6);
    trace.repeated(logIndex(1), { ...write, ticket: ticket(5) }, 3_000);
    trace.reply(ticket(5), stored(1, 'n1', 'n2'), 3_000);
    const { lines } = await story(1);
    const of = (event: string) => lines.find((line: { event: string }) => line.event === event);
    expect(of('timed-out').text).toBe(
      'Told the client after 1 s that time is up: 1 node has it; not yet: n2 (now Suspected). ' +
        'It stays in the log and goes on replicating.',
    );
    expect(of('duplicate').ms).toBe(2_000);
    expect(of('answered').text).toMatch(/^Answered the client after 0 ms: 2 nodes have it \(n1\)/);
  });

  test('one of a batch is told as such, and not as its neighbours', async () => {
    const { trace, engine, story } = setUp();
    const operations = [HELLO, HELLO, HELLO];
    const at = new Date(WALL - 9_000).toISOString();
    const entries = operations.map((operation, i) =>
      entryOf(operation, { index: logIndex(i + 1), epoch: epoch(7), at }, {}),
    );
    engine.persistence.append(entries);
    trace.append(
      entries,
      { type: 'Write', ticket: ticket(1), operations, batch: true, at, w: 'all' },
      1_000,
    );
    trace.send(N2.url, order(1, 3, 0), 1_001);
    const { lines } = await story(2);
    expect(lines[0].text).toContain('one of a batch of 3; it is to be answered when all members');
    expect(lines[2].text).toBe('Sent to n2 (session 3, seq 1, with 2 others).');
  });
});

describe('a secondary', () => {
  const snapshot = (index: number, place: number): Snapshot => ({
    type: 'Snapshot',
    epoch: epoch(7),
    session: session(3),
    seq: seq(place),
    updates: [entryOf(HELLO, { index: logIndex(index), epoch: epoch(7), at: '' }, {})],
    commitIndex: logIndex(0),
  });

  test('tells what arrived, which fault it met, and which copy was ignored', async () => {
    const { trace, engine, told, story } = setUp();
    engine.state = engine.follower('secondary');
    engine.append([HELLO]);
    const first = snapshot(1, 0);
    trace.strike(first, 'errorAfter', 0, 1_000);
    trace.receive(ticket(1), first, 1_001);
    trace.append(first.updates, { type: 'Received', ticket: ticket(1), request: first }, 1_002);
    trace.persist(1, logIndex(1), 1_003);
    trace.strikePersist('stuck', 1_003);
    trace.persist(1, logIndex(1), 1_103);
    trace.strikePersist('stuck', 1_103);
    trace.persisted(1, logIndex(1), 1_200);
    trace.respond(ticket(1), ack(0), 1_201);
    trace.receive(ticket(2), first, 1_300);
    trace.respond(ticket(2), ack(0), 1_301);
    expect(await told(1)).toEqual([
      [0, 'fault', 'n1'],
      [1, 'arrived', 'n1'],
      [2, 'appended', null],
      [3, 'fault', null],
      [103, 'persisting', null],
      [200, 'persisted', null],
      [201, 'acknowledged', 'n1'],
      [300, 'arrived', 'n1'],
      [301, 'duplicate', 'n1'],
      [301, 'acknowledged', 'n1'],
    ]);
    expect((await story(1)).lines[0].text).toBe(
      'A copy met an injected fault: it was handled, but answered with 500.',
    );
  });

  test('a disk that is asked again is told of once, with how often; so is a new life', async () => {
    const { trace, engine, story } = setUp();
    Object.assign(engine.persistence, { durable: true });
    engine.append([HELLO]);
    const first = snapshot(1, 0);
    const appended = (now: number): void =>
      trace.append(first.updates, { type: 'Received', ticket: ticket(1), request: first }, now);
    const texts = async (): Promise<string[]> =>
      (await story(1)).lines.slice(1).map(({ text }: { text: string }) => text);
    appended(1_000);
    for (const now of [1_001, 1_101, 1_201]) trace.persist(4, logIndex(1), now);
    trace.persisted(4, logIndex(1), 1_300);
    const life = [
      'Handed to the disk.',
      'No word from the disk yet: asked again, every 100 ms.',
      'On the disk of this node, asked 3 times: this node counts as having it.',
    ];
    expect(await texts()).toEqual(life);
    trace.truncate(logIndex(0), 1_400);
    appended(1_500);
    trace.persist(5, logIndex(1), 1_501);
    trace.persisted(5, logIndex(1), 1_502);
    expect((await texts()).slice(life.length)).toEqual([
      "Dropped: it is not part of the new master's log.",
      'Put into the log at index 1, epoch 7: readable here from now on.',
      'Handed to the disk.',
      'On the disk of this node: this node counts as having it.',
    ]);
  });

  test('refusals of the disk are one line for each reason, and a count so far', async () => {
    const { trace, engine, story } = setUp();
    engine.append([HELLO]);
    const first = snapshot(1, 0);
    trace.append(first.updates, { type: 'Received', ticket: ticket(1), request: first }, 1_000);
    const texts = async (): Promise<string[]> =>
      (await story(1)).lines.slice(1).map(({ text }: { text: string }) => text);
    const refuse = (id: number, error: string, now: number): void => {
      trace.persist(id, logIndex(id), now);
      trace.persistFailed(id, logIndex(id), error, now + 1);
    };
    for (const now of [1_001, 1_101, 1_201]) refuse(1, 'EIO', now);
    // What the disk says of later ones is told of those.
    for (const now of [1_202, 1_302]) refuse(2, 'EIO', now);
    refuse(1, 'disk full', 1_303);
    const told = [
      'The disk refused it: EIO.',
      'The disk is asked again, every 100 ms.',
      'The disk refused it: disk full.',
    ];
    expect(await texts()).toEqual([...told, 'The disk has refused it 4 times so far.']);
    expect((await story(1)).lines.at(-1).ms).toBe(304);
    trace.persist(1, logIndex(1), 1_401);
    trace.persisted(1, logIndex(1), 1_402);
    const done = 'In memory, as promised: this node counts as having it.';
    expect(await texts()).toEqual([...told, done]);
  });

  test('tells the epoch of the operation, not of what came before it in one Snapshot', async () => {
    const { trace, engine, story } = setUp();
    const [, later] = [1, 2].map((index) =>
      entryOf(HELLO, { index: logIndex(index), epoch: epoch(6 + index), at: '' }, {}),
    );
    const first = snapshot(1, 0);
    const both = { ...first, updates: [...first.updates, later!] };
    engine.persistence.append(both.updates);
    trace.append(both.updates, { type: 'Received', ticket: ticket(1), request: both }, 1_002);
    expect((await story(2)).lines[0].text).toMatch(/at index 2, epoch 8: readable/);
  });

  test('a refused copy is told with its reason, a dropped one with its end', async () => {
    const { trace, engine, told } = setUp();
    engine.append([HELLO]);
    const first = snapshot(1, 5);
    trace.receive(ticket(1), first, 1_000);
    const refusal = { type: 'Refused', code: 'out-of-order', expected: seq(0) } as const;
    trace.respond(ticket(1), refusal, 1_001);
    trace.receive(ticket(2), first, 1_100);
    trace.append(first.updates, { type: 'Received', ticket: ticket(2), request: first }, 1_101);
    trace.truncate(logIndex(0), 1_200);
    expect((await told(1)).map(([, event]) => event)).toEqual([
      'arrived',
      'refused',
      'arrived',
      'appended',
      'dropped',
    ]);
  });
});

describe('what a trace cannot tell', () => {
  test('an index that nobody knows is 404, and one that is none 400', async () => {
    const { app } = setUp();
    expect((await call(app, 'GET', '/log/1/story')).body.code).toBe('not-found');
    expect((await call(app, 'GET', '/log/0/story')).status).toBe(404);
    expect((await call(app, 'GET', '/log/x/story')).status).toBe(400);
    expect((await call(app, 'POST', '/log/1/story', {})).status).toBe(405);
  });

  test('an entry of an earlier life has a story that is not complete', async () => {
    const { engine, story } = setUp();
    engine.append([HELLO]);
    const { complete, lines } = await story(1);
    expect(complete).toBe(false);
    expect(lines.map(({ event }: { event: string }) => event)).toEqual(['stored']);
  });

  test('the ring keeps its size, and a story that fell out of it is not complete', async () => {
    const { trace, append, story } = setUp(8);
    append(1, 1, 1_000);
    trace.reply(ticket(1), stored(1, 'n1'), 1_001);
    expect((await story(1)).complete).toBe(true);
    for (let index = 2; index <= 8; index += 1) append(index, 1, 1_000 + index);
    expect([...trace.records()]).toHaveLength(8);
    const half = await story(1);
    expect([half.complete, half.lines.map((line: { event: string }) => line.event)]).toEqual([
      false,
      ['stored'],
    ]);
    expect((await story(8)).complete).toBe(true);
  });

  test('one whose first moments fell out of the ring is not complete either', async () => {
    const { trace, engine, story } = setUp(4);
    const at = new Date(WALL - 9_000).toISOString();
    const entry = entryOf(HELLO, { index: logIndex(1), epoch: epoch(7), at }, {});
    engine.persistence.append([entry]);
    const request: Snapshot = {
      ...{ type: 'Snapshot', epoch: epoch(7), session: session(3), seq: seq(0) },
      ...{ updates: [entry], commitIndex: logIndex(0) },
    };
    trace.strike(request, 'dropRequest', 0, 1_000);
    trace.receive(ticket(1), request, 1_001);
    trace.append([entry], { type: 'Received', ticket: ticket(1), request }, 1_002);
    trace.persist(1, logIndex(1), 1_003);
    expect((await story(1)).complete).toBe(true);
    trace.persisted(1, logIndex(1), 1_004);
    expect((await story(1)).complete).toBe(false);
  });

  test('of a story that is too long the middle is left out: its ends stay', async () => {
    const { trace, append, story } = setUp();
    append(1);
    for (let n = 1; n <= LINES_MAX; n += 1) trace.send(N2.url, order(1, 1), 1_000 + n);
    trace.answer(N2.url, order(1, 1), ack(0), 4_000);
    trace.reply(ticket(1), stored(1, 'n1', 'n2'), 4_000);
    const { complete, lines } = await story(1);
    expect([complete, lines.length]).toEqual([false, LINES_MAX]);
    expect(lines[0].event).toBe('received');
    expect(lines.slice(-2).map(({ event }: { event: string }) => event)).toEqual([
      'acknowledged',
      'answered',
    ]);
  });

  test('a hundred stories that are asked for at once are told one in a turn', async () => {
    const { trace, append, story } = setUp();
    append(1);
    const counter = new TurnCounter();
    const turns: number[] = [];
    const records = trace.records.bind(trace);
    vi.spyOn(trace, 'records').mockImplementation(() => {
      turns.push(counter.count);
      return records();
    });
    const stories = await Promise.all(Array.from({ length: 100 }, () => story(1)));
    counter.stop();
    expect(stories.every(({ complete }) => complete)).toBe(true);
    expect(turns).toHaveLength(100);
    expect(mostInOne(turns)).toBe(1);
  });

  test('texts are bounded in number and length', () => {
    const trace = new Trace(4);
    for (let i = 0; i < 2_000; i += 1) {
      trace.noAnswer('http://x', order(1, 1), `error ${i} ${'x'.repeat(1_000)}`, i);
    }
    const texts = [...trace.records()].map(({ c }) => trace.textOf(c));
    expect(texts).toEqual(Array.from({ length: 4 }, () => 'something else'));
    expect(trace.textOf(2).length).toBe(200);
  });
});
