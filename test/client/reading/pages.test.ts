// A node that has started between two pages of one log, and does not know yet what a majority has.

import { expect, test } from 'vitest';
import { ReplogClient } from '../../../src/client/client.ts';
import { quickPace } from '../quick-pace.ts';
import { sendJson, sendProblem, startStub } from '../stub-server.ts';

const LAST = 4;

/** A node whose log has LAST messages, of which `onMajority` are known to be on a majority. */
async function nodeThatKnows(state: { onMajority: number; epoch: number }) {
  return startStub(({ path }, response) => {
    const { pathname, searchParams } = new URL(path, 'http://x');
    const lastIndex = searchParams.get('read') === 'majority' ? state.onMajority : LAST;
    if (pathname !== '/messages') {
      const index = Number(pathname.split('/')[2]);
      const entry = { index, epoch: state.epoch, op: 'append', message: `m${index}` };
      if (index > lastIndex) sendProblem(response, 404, 'not-found');
      else sendJson(response, 200, entry);
      return;
    }
    const from = Number(searchParams.get('from') ?? 1);
    const messages = from > lastIndex ? [] : [`m${from}`];
    sendJson(response, 200, { messages, lastIndex, next: from < lastIndex ? from + 1 : null });
  });
}

/** Pages of one message each, of which the first is read. */
async function begun(state: { onMajority: number; epoch: number }, pace = quickPace()) {
  const { url } = await nodeThatKnows(state);
  const pages = new ReplogClient({ url, pace }).pages({ limit: 1, read: 'majority' });
  expect((await pages.next()).value?.messages).toEqual(['m1']);
  return pages;
}

test.each([1, 2, 3])(
  'what is on a majority goes on where %i were known in between',
  async (low) => {
    const state = { onMajority: LAST, epoch: 1 };
    const quick = quickPace();
    const pause = async (ms: number): Promise<void> => {
      await quick.pause(ms);
      if (quick.pauses.length === 3) state.onMajority = LAST;
    };
    const pages = await begun(state, { ...quick, pause });
    state.onMajority = low;
    const seen: string[] = [];
    for await (const page of pages) seen.push(...page.messages);
    expect(seen).toEqual(['m2', 'm3', 'm4']);
    expect(quick.pauses).toHaveLength(3);
  },
);

test('a node that does not come to know it is not ready, after 10 s', async () => {
  const state = { onMajority: LAST, epoch: 1 };
  const pace = quickPace();
  const pages = await begun(state, pace);
  state.onMajority = 1;
  const refused = { name: 'ProblemError', status: 503, code: 'not-ready' };
  await expect(pages.next()).rejects.toMatchObject(refused);
  const waited = pace.pauses.reduce((sum, ms) => sum + ms, 0);
  expect(waited).toBeGreaterThanOrEqual(10_000);
  expect(waited).toBeLessThan(12_000);
});

test('another log is another one, whatever is known of it', async () => {
  const state = { onMajority: LAST, epoch: 1 };
  const pace = quickPace();
  const pages = await begun(state, pace);
  Object.assign(state, { onMajority: 1, epoch: 2 });
  await expect(pages.next()).rejects.toMatchObject({ name: 'LogReplaced', index: 2 });
  expect(pace.pauses).toEqual([]);
});

test('who waits for it may leave, and a local read does not wait', async () => {
  const state = { onMajority: LAST, epoch: 1 };
  const { url } = await nodeThatKnows(state);
  const abort = new AbortController();
  const quick = quickPace();
  const pause = async (): Promise<void> => abort.abort(new Error('enough'));
  const client = new ReplogClient({ url, pace: { ...quick, pause } });
  const pages = client.pages({ limit: 1, read: 'majority', signal: abort.signal });
  await pages.next();
  state.onMajority = 1;
  await expect(pages.next()).rejects.toThrow('enough');
  const local = client.pages({ limit: 1, read: 'local' });
  expect((await local.next()).value?.messages).toEqual(['m1']);
  expect((await local.next()).value?.messages).toEqual(['m2']);
});
