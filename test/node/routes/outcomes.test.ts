import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { call } from '../calls.ts';
import { readingNode as node } from './reading-node.ts';

describe('GET /outcomes/:key', () => {
  test('where it is, and who has it; any printable key', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b', 'c');
    engine.keys.set('a/b %~', { first: logIndex(2), count: 2 });
    const { status, body } = await call(app, 'GET', `/outcomes/${encodeURIComponent('a/b %~')}`);
    expect(status).toBe(200);
    expect(body).toEqual({ state: 'stored', index: 2, acks: ['n1', 'n3'] });
  });

  test.each(['.', '..', 'a/b %~'])('%j may be asked for in the query', async (key) => {
    const { engine, app } = node();
    engine.messages('a', 'b', 'c');
    engine.keys.set(key, { first: logIndex(2), count: 2 });
    const query = new URLSearchParams({ idempotencyKey: key, read: 'majority' });
    const { status, body } = await call(app, 'GET', `/outcomes?${query}`);
    expect([status, body]).toEqual([200, { state: 'stored', index: 2, acks: ['n1', 'n3'] }]);
    const other = await call(app, 'GET', '/outcomes?idempotencyKey=...');
    expect([other.status, other.body.code]).toEqual([404, 'unknown-outcome']);
  });

  test('404 where it is not known, or not on a majority as asked', async () => {
    const { engine, app } = node();
    const unknown = await call(app, 'GET', '/outcomes/k');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'unknown-outcome']);
    engine.append([{ op: 'append', message: 'a' }], { committed: false });
    engine.keys.set('k', { first: logIndex(1), count: 1 });
    expect((await call(app, 'GET', '/outcomes/k')).status).toBe(200);
    expect((await call(app, 'GET', '/outcomes/k?read=majority')).status).toBe(404);
  });
});

test('a batch is stored for a majority once its last operation is', async () => {
  const { engine, app } = node();
  engine.messages('a');
  engine.append([{ op: 'append', message: 'b' }], { committed: false });
  engine.keys.set('batch', { first: logIndex(1), count: 2 });
  const told = async (level: string) =>
    (await call(app, 'GET', `/outcomes/batch?read=${level}`)).status;
  expect([await told('local'), await told('majority')]).toEqual([200, 404]);
});
