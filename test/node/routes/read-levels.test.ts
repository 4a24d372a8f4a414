// Every route that reads, at the level `linearizable`: each must wait for the proof, and show what
// was proved and no more. A route that forgets to ask for it shows what a replaced master has.

import { describe, expect, test } from 'vitest';
import { type LogIndex, logIndex } from '../../../src/core/ids.ts';
import type { Departure } from '../../../src/node/http/departure.ts';
import { call } from '../calls.ts';
import { AT } from '../fake-engine.ts';
import { readingNode } from './reading-node.ts';

const PROVED = logIndex(2);

/** A node of which the first two operations are proved, and two more are shown. */
function node() {
  const { app, engine } = readingNode();
  engine.append([{ op: 'append', message: 'a' }]);
  engine.append([{ op: 'put', key: 'k', value: 'proved' }]);
  engine.append([{ op: 'append', message: 'b' }], { committed: false });
  engine.append([{ op: 'put', key: 'k', value: 'lone' }], { committed: false });
  engine.keys.set('early', { first: PROVED, count: 1 });
  engine.keys.set('late', { first: logIndex(3), count: 1 });
  return { app, engine };
}

const place = (index: number) => ({ index, epoch: 1, at: AT });
const MESSAGE = { ...place(1), op: 'append', message: 'a' };
const VALUE = { ...place(2), op: 'put', key: 'k', value: 'proved' };

describe('B18: a linearizable read', () => {
  test.each<[path: string, status: number, shown: object]>([
    ['/messages', 200, { messages: ['a'], lastIndex: PROVED }],
    ['/messages?from=1', 200, { messages: ['a'], lastIndex: PROVED, next: null }],
    ['/log', 200, { entries: [MESSAGE, VALUE], lastIndex: PROVED, commitIndex: PROVED }],
    ['/log/2', 200, VALUE],
    ['/log/3', 404, { code: 'not-found' }],
    ['/kv/k', 200, { value: 'proved', index: 2 }],
    ['/kv', 200, { items: [{ key: 'k', value: 'proved', index: 2 }] }],
    ['/outcomes/early', 200, { state: 'stored', index: PROVED }],
    ['/outcomes/late', 404, { code: 'unknown-outcome' }],
    ['/outcomes?idempotencyKey=late', 404, { code: 'unknown-outcome' }],
  ])(
    'of %s is refused without a proof, and shows no more than that',
    async (path, status, shown) => {
      const { app, engine } = node();
      const asked = `${path}${path.includes('?') ? '&' : '?'}read=linearizable`;
      const refused = await call(app, 'GET', asked);
      expect([refused.status, refused.body.code]).toEqual([503, 'not-linearizable']);
      engine.confirmation = { type: 'Confirmed', lastIndex: PROVED as LogIndex };
      const proved = await call(app, 'GET', asked);
      expect(proved.status).toBe(status);
      expect(proved.body).toMatchObject(shown);
    },
  );

  test('B51: whose client leaves waits no longer', async () => {
    const { app, engine } = node();
    let departure: Departure | undefined;
    engine.confirm = (of?: Departure) => {
      departure = of;
      return new Promise(() => undefined);
    };
    const gone = new AbortController();
    const request = new Request('http://127.0.0.1/kv/k?read=linearizable', { signal: gone.signal });
    void app.request(request);
    await expect.poll(() => departure?.aborted).toBe(false);
    let told = 0;
    departure?.addEventListener('abort', () => {
      told += 1;
    });
    gone.abort();
    expect([request.signal.aborted, departure?.aborted, told]).toEqual([true, true, 1]);
  });
});
