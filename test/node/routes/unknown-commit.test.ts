import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { call } from '../calls.ts';
import { readingNode as node } from './reading-node.ts';

describe('after a start, a read of what is on a majority', () => {
  const PATHS = ['/messages', '/log', '/log/1', '/kv/k', '/kv', '/outcomes/key'];
  const started = () => {
    const { engine, app, beats } = node();
    engine.append([{ op: 'put', key: 'k', value: 'v' }], { committed: false });
    engine.keys.set('key', { first: logIndex(1), count: 1 });
    engine.commitKnown = false;
    return { engine, app, beats };
  };

  test.each(PATHS)('waits until that is known (%s)', async (path) => {
    const { engine, app, beats } = started();
    const answer = call(app, 'GET', `${path}?read=majority`);
    await expect.poll(() => engine.listeners.size).toBe(1);
    for (const listener of engine.listeners) listener();
    expect(engine.listeners.size).toBe(1);
    engine.commitKnown = true;
    engine.commitIndex = logIndex(1);
    for (const listener of engine.listeners) listener();
    expect((await answer).status).toBe(200);
    expect([engine.listeners.size, beats.length]).toEqual([0, 0]);
  });

  test.each(PATHS)(
    'is refused if nobody says so in time, not answered by "none" (%s)',
    async (path) => {
      const { engine, app, beats } = started();
      const answer = call(app, 'GET', `${path}?read=majority`);
      await expect.poll(() => beats.length).toBe(1);
      beats[0]?.();
      const { status, body, headers } = await answer;
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'not-ready', '1']);
      expect(engine.listeners.size).toBe(0);
      expect((await call(app, 'GET', path)).status).toBe(200);
    },
  );
});
