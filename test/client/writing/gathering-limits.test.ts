// How many appends travel together, and how many requests are under way at the same time: over a
// link on which nothing is answered unless a test does it.

import { expect, onTestFinished, test, vi } from 'vitest';
import { Departures } from '../../../src/client/wire/departures.ts';
import {
  type Call,
  ConnectionFailure,
  type Link,
  type Reply,
} from '../../../src/client/wire/link.ts';
import { Gathering } from '../../../src/client/writing/gathering.ts';

const STORED: Reply = { url: 'http://n1/messages', status: 201, headers: new Headers(), body: {} };

interface Asked {
  /** Appends in the request. */
  readonly count: number;
  readonly answer: () => void;
  /** Of several, the first is answered, and nothing comes after it. */
  readonly begin: () => void;
  /** The node does not know of requests for several. */
  readonly refuse: () => void;
  readonly fail: () => void;
}

/** The answer to so many appends that travelled together. */
async function* linesFor(count: number): AsyncGenerator<Uint8Array> {
  const lines = Array.from({ length: count }, (_, n) =>
    JSON.stringify({ n, status: 201, body: {} }),
  );
  yield Buffer.from(lines.join('\n'));
}

async function* firstOf(count: number): AsyncGenerator<Uint8Array> {
  for await (const lines of linesFor(count)) {
    yield lines.subarray(0, lines.indexOf(0x0a) + 1);
    await new Promise(() => {});
  }
}

function gathering() {
  const asked: Asked[] = [];
  const read: number[] = [];
  const ask = (_: string, { json }: Call) =>
    new Promise<Reply>((resolve, reject) => {
      const { appends = [json] } = json as { readonly appends?: readonly unknown[] };
      const fail = () => reject(new ConnectionFailure('http://n1', new Error('gone'), true));
      const { length: count } = appends;
      const whole = count === 1 ? STORED : { ...STORED, status: 200, body: linesFor(count) };
      const begin = () => resolve({ ...STORED, status: 200, body: firstOf(count) });
      const refuse = () => resolve({ ...STORED, status: 404, body: null });
      asked.push({ count, answer: () => resolve(whole), begin, refuse, fail });
    });
  const whole = async (_: string, __: Call, { status }: Reply) => void read.push(status);
  const link = { open: ask, send: ask, whole } as unknown as Link;
  const gathered = new Gathering(link, 'http://n1', new Departures());
  const append = (message = 'a') => {
    const ended = gathered.send({ method: 'POST', path: '/messages', json: { message } });
    return ended.catch(() => 'failed');
  };
  return { asked, read, gathered, append, counts: () => asked.map(({ count }) => count) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Nothing counts as waiting for longer than usual unless a test says so. */
function standingClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

test('a thousand appends travel together at the most', async () => {
  const { append, counts } = gathering();
  for (let i = 0; i < 1_500; i += 1) void append();
  await turn();
  expect(counts()).toEqual([1_000, 500]);
});

test('so does a mebibyte of messages, and a longer one by itself', async () => {
  standingClock();
  const half = 'x'.repeat(1 << 19);
  for (const [messages, together] of [
    [
      [half, half, 'x'],
      [2, 1],
    ],
    [
      [half, `${half}x`, 'x'],
      [1, 2],
    ],
    [
      [half + half + half, 'x'],
      [1, 1],
    ],
  ] as const) {
    const { append, counts } = gathering();
    for (const message of messages) void append(message);
    await turn();
    expect(counts()).toEqual(together);
  }
});

test('two requests may be unanswered, after others were answered as before', async () => {
  standingClock();
  const { asked, append, counts } = gathering();
  for (let round = 0; round < 3; round += 1) {
    const ended = [append(), append()];
    await turn();
    asked.at(-1)!.answer();
    await Promise.all(ended);
    await turn();
  }
  for (let i = 0; i < 4; i += 1) {
    void append();
    await turn();
  }
  expect(counts()).toEqual([2, 2, 2, 1, 1]);
  asked.at(-1)!.fail();
  await turn();
  await turn();
  expect(counts()).toEqual([2, 2, 2, 1, 1, 2]);
});

test('one of which the first answer has come counts as answered', async () => {
  standingClock();
  const { asked, append, counts } = gathering();
  for (const together of [2, 1, 1]) {
    for (let i = 0; i < together; i += 1) void append();
    await turn();
  }
  expect(counts()).toEqual([2, 1]);
  asked[0]!.begin();
  await turn();
  await turn();
  expect(counts()).toEqual([2, 1, 1]);
});

test('so does one that the node refuses as such, and that is read to its end', async () => {
  standingClock();
  const { asked, read, append, counts } = gathering();
  for (const together of [2, 1, 1]) {
    for (let i = 0; i < together; i += 1) void append();
    await turn();
  }
  asked[0]!.refuse();
  await turn();
  await turn();
  expect(read).toEqual([404]);
  // The two of it go again, each alone, and what waited goes as well.
  expect(counts()).toEqual([2, 1, 1, 1, 1]);
});

test('256 requests may wait; what comes then waits for one of them to end', async () => {
  standingClock();
  const { asked, append } = gathering();
  for (let i = 0; i < 300; i += 1) {
    void append();
    await turn();
    vi.advanceTimersByTime(10);
    await turn();
  }
  expect(asked).toHaveLength(256);
  asked[0]!.fail();
  await turn();
  await turn();
  expect(asked.map(({ count }) => count).slice(255)).toEqual([1, 44]);
});

test('what waits for its turn is not forgotten', async () => {
  const { asked, gathered, append } = gathering();
  expect(gathered.idle).toBe(true);
  const ended = append();
  expect(gathered.idle).toBe(false);
  await turn();
  expect(gathered.idle).toBe(false);
  asked[0]!.answer();
  await ended;
  await turn();
  expect(gathered.idle).toBe(true);
});
