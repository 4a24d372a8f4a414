import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { logPage } from '../../../src/node/api/success.ts';
import { call } from '../calls.ts';
import { AT } from '../fake-engine.ts';
import { readingNode as node } from './reading-node.ts';

const place = (index: number) => ({ index, epoch: 1, at: AT });

test('a page claims no more to be on a majority than it shows of the log', async () => {
  const { engine, app } = node();
  engine.messages('a', 'b');
  // What was committed after the proof is not shown.
  engine.confirmation = { type: 'Confirmed', lastIndex: logIndex(1) };
  const { body } = await call(app, 'GET', '/log?read=linearizable');
  expect([body.entries.length, body.lastIndex, body.commitIndex]).toEqual([1, 1, 1]);
});

describe('a log that is replaced while it is read', () => {
  const MANY = Array.from({ length: 3_000 }, (_, i) => `${i}`);

  /** Its third read finds another log, which begins like the one that the first two read. */
  function replaced() {
    const { engine, app } = node();
    engine.messages(...MANY);
    const read = engine.persistence.read.bind(engine.persistence);
    let reads = 0;
    engine.persistence.read = (from, to) => {
      reads += 1;
      if (reads === 3) engine.replaceAfter(10, ...MANY);
      return read(from, to);
    };
    return app;
  }

  test('is refused while nothing has been sent', async () => {
    const { status, body } = await call(replaced(), 'GET', '/messages');
    expect([status, body.code]).toEqual([503, 'not-ready']);
  });

  test('is refused in a list of keys', async () => {
    const { engine, app } = node();
    engine.append(['a', 'b'].map((key) => ({ op: 'put', key, value: 'v' })));
    const read = engine.persistence.read.bind(engine.persistence);
    engine.persistence.read = (from, to) => {
      const chunk = read(from, to);
      if (from === 1) engine.replaceAfter(1, 'another');
      return chunk;
    };
    const { status, body } = await call(app, 'GET', '/kv');
    expect([status, body.code]).toEqual([503, 'not-ready']);
  });

  test.each(['/log?limit=3000', '/backup'])('is broken off in %s', async (path) => {
    await expect(call(replaced(), 'GET', path)).rejects.toThrow(/cut back/);
  });
});

test('G23: a backup holds the log as it is until it has been read', async () => {
  const { engine, app } = node();
  engine.messages('a', 'b');
  const done: string[] = [];
  engine.persistence.hold = () => {
    done.push('held');
    return () => done.push('released');
  };
  const read = engine.persistence.read.bind(engine.persistence);
  engine.persistence.read = (from, to) => {
    done.push('read');
    return read(from, to);
  };
  const backup = await app.request('/backup');
  expect((await backup.text()).split('\n')).toHaveLength(5);
  expect(done).toEqual(['held', 'read', 'released']);
});

describe('GET /log', () => {
  test('shows every kind of operation with the fields of the contract', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'put', key: 'k', value: 'v' }]);
    engine.append([{ op: 'remove', key: 'k' }], { committed: false });
    const { status, body } = await call(app, 'GET', '/log');
    expect(status).toBe(200);
    expect(logPage.safeParse(body).success).toBe(true);
    expect(body).toEqual({
      entries: [
        { ...place(1), op: 'append', message: 'a' },
        { ...place(2), op: 'put', key: 'k', value: 'v' },
        { ...place(3), op: 'remove', key: 'k' },
      ],
      lastIndex: 3,
      commitIndex: 2,
      next: null,
    });
  });

  test('what only replicas need is not shown', async () => {
    const { engine, app } = node();
    const more = { batch: 1, idempotencyKey: 'secret' };
    engine.persistence.append([{ ...place(1), op: 'append', message: 'a', ...more } as never]);
    const { body } = await call(app, 'GET', '/log');
    expect(body.entries).toEqual([{ ...place(1), op: 'append', message: 'a' }]);
  });

  test('pages: 1,000 by default, up to 10,000, from anywhere', async () => {
    const { engine, app } = node();
    engine.append(Array.from({ length: 10_001 }, (_, i) => ({ op: 'append', message: `${i}` })));
    const first = (await call(app, 'GET', '/log')).body;
    expect([first.entries.length, first.next]).toEqual([1_000, 1_001]);
    const most = (await call(app, 'GET', '/log?limit=10000')).body;
    expect([most.entries.length, most.next]).toEqual([10_000, 10_001]);
    const last = (await call(app, 'GET', '/log?from=10001')).body;
    expect([last.entries.length, last.next]).toEqual([1, null]);
    const beyond = (await call(app, 'GET', '/log?from=10002')).body;
    expect(beyond).toMatchObject({ entries: [], lastIndex: 10_001, next: null });
  });

  test('majority ends at the commit index', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'append', message: 'b' }], { committed: false });
    const { body } = await call(app, 'GET', '/log?read=majority');
    expect(body).toMatchObject({ lastIndex: 1, commitIndex: 1, next: null });
    expect(body.entries).toHaveLength(1);
  });

  test('one entry, or 404', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'append', message: 'b' }], { committed: false });
    expect((await call(app, 'GET', '/log/1')).body).toEqual({
      ...place(1),
      op: 'append',
      message: 'a',
    });
    expect((await call(app, 'GET', '/log/2')).status).toBe(200);
    for (const path of ['/log/0', '/log/3', '/log/9007199254740991', '/log/2?read=majority']) {
      const { status, body } = await call(app, 'GET', path);
      expect([path, status, body.code]).toEqual([path, 404, 'not-found']);
    }
  });

  test.each(['9007199254740993', '01', '1.0', '-1'])('"%s" is the index of none', async (text) => {
    const { app } = node();
    for (const path of [`/log/${text}`, `/log/${text}/story`]) {
      const { status, body } = await call(app, 'GET', path);
      expect([path, status, body.errors]).toEqual([
        path,
        400,
        [{ path: 'index', message: 'must be an index of the log' }],
      ]);
    }
  });
});
