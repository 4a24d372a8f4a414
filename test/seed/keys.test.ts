// Rule: a key is any text of 1 to 1,024 bytes, a value any text that fits the body limit. Names
// that mean something to JavaScript or to a URL mean nothing here.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../process/program.ts';
import type { RealNode } from './real-node.ts';
import { Stage } from './stage.ts';

const stage = new Stage();
let master: RealNode;
let secondary: RealNode;
beforeAll(async () => {
  master = await stage.master();
  secondary = await stage.join(master, 'n2');
});
afterAll(() => stage.release());

const EMOJI = '\u{1F9E1}';

const KEYS = {
  'a prototype': '__proto__',
  'a constructor': 'constructor',
  'a method': 'toString',
  'an emoji': `${EMOJI}\u{1F469}\u200D\u{1F680}`,
  spaces: ' two  words ',
  slashes: '/a//b/',
  'a path upwards': '../x',
  'percent signs': '100%25 %2F',
  'question and hash': 'a?b#c&d=e',
  'plus and semicolon': 'a+b;c',
  quotes: `"'\\`,
  'a newline and a zero': 'a\nb\u0000c',
  'digits, like an index': '0',
  '1,024 bytes': 'k'.repeat(1_024),
  '1,024 bytes of emoji': EMOJI.repeat(256),
};

describe.each(Object.entries(KEYS))('%s', (_what, key) => {
  test('is a key like any other', async () => {
    const { status, body } = await master.put(key, `value of ${key}`, { id: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: 'OperationAck', id: 1, key });
    for (const node of [master, secondary]) {
      const answer = await node.get(key);
      expect([answer.status, answer.body.key]).toEqual([200, key]);
      expect(answer.body.value).toBe(`value of ${key}`);
    }
    const query = new URLSearchParams({ prefix: key });
    const { items } = (await call('GET', `${secondary.url}/kv?${query}`)).body;
    expect(items).toEqual([{ key, value: `value of ${key}`, index: body.index }]);
    expect((await master.remove(key)).body).toMatchObject({ result: 'OperationAck', key });
    for (const node of [master, secondary]) expect((await node.get(key)).status).toBe(404);
  });
});

describe('a name of JavaScript', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    '%s has no value before it was given one',
    async (key) => {
      const { status, body } = await master.get(key);
      expect(status).toBe(404);
      expect(Object.entries(body)).toContainEqual(['value', null]);
    },
  );
});

describe('a key', () => {
  test.each([
    ['of 1,025 bytes', 'k'.repeat(1_025)],
    ['of 1,025 bytes in fewer characters', `${EMOJI.repeat(256)}k`],
    ['without any byte', ''],
  ])('%s is refused', async (_what, key) => {
    for (const answer of [await master.put(key, 'v'), await master.get(key)]) {
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    }
  });

  test('that is no UTF-8 is refused', async () => {
    const { status, body } = await call('GET', `${master.url}/kv/%ff%fe`);
    expect([status, body.code]).toEqual([400, 'invalid-request']);
  });
});

describe('a body', () => {
  const LIMIT = 1 << 20;
  const patience = { timeoutMs: 10_000 };
  const wrapped = JSON.stringify({ value: '', ...patience }).length;

  test('of exactly 1 MiB is taken, and replicated', async () => {
    const value = 'v'.repeat(LIMIT - wrapped);
    const { status, body } = await master.put('large', value, patience);
    expect(status).toBe(200);
    expect(body.acks).toEqual(['n1', 'n2']);
    expect((await secondary.get('large')).body.value === value).toBe(true);
  });

  test('of exactly 1 MiB counts in bytes, not in characters', async () => {
    const value = `${'ö'.repeat((LIMIT - wrapped - (wrapped % 2)) / 2)}${wrapped % 2 === 0 ? '' : 'o'}`;
    expect((await master.put('umlauts', value, patience)).status).toBe(200);
    const longer = await master.put('umlauts', `${value}ö`, patience);
    expect([longer.status, longer.body.code]).toEqual([413, 'too-large']);
  });

  test.each([
    ['in one piece', (text: string) => text],
    ['in chunks', (text: string) => new Blob([text]).stream()],
  ])('one byte longer is refused, and nothing is written, %s', async (_how, body) => {
    const text = JSON.stringify({ value: 'v'.repeat(LIMIT - wrapped + 1), ...patience });
    expect(text).toHaveLength(LIMIT + 1);
    const answer = await fetch(`${master.url}/kv/too-large`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: body(text),
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(413);
    expect(((await answer.json()) as { code: string }).code).toBe('too-large');
    expect((await master.get('too-large')).status).toBe(404);
  });
});

describe('the list', () => {
  const keys = ['fruit', 'fruit/apple', 'fruit/pear', 'fruit/plum', 'fruits', 'vegetable'];
  beforeAll(async () => {
    // Not in key order, and with one that is gone again.
    for (const key of [...keys].reverse()) await master.put(key, key.toUpperCase());
    await master.put('fruit/fig', 'eaten');
    await master.remove('fruit/fig');
  });

  const list = async (
    query: Record<string, string>,
  ): Promise<{ keys: string[]; next: unknown }> => {
    const { body } = await call('GET', `${secondary.url}/kv?${new URLSearchParams(query)}`);
    return { keys: body.items.map(({ key }: { key: string }) => key), next: body.next };
  };

  test('is in key order, and only what begins with the prefix', async () => {
    expect(await list({ prefix: 'fruit' })).toEqual({ keys: keys.slice(0, 5), next: null });
    expect(await list({ prefix: 'fruit/' })).toEqual({ keys: keys.slice(1, 4), next: null });
    expect(await list({ prefix: 'nut' })).toEqual({ keys: [], next: null });
  });

  test('continues where the page before has ended', async () => {
    const pages: string[][] = [];
    let after: unknown = null;
    do {
      const page = await list({
        prefix: 'fruit',
        limit: '2',
        ...(after === null ? {} : { after: `${after}` }),
      });
      pages.push(page.keys);
      after = page.next;
    } while (after !== null);
    expect(pages).toEqual([keys.slice(0, 2), keys.slice(2, 4), keys.slice(4, 5)]);
  });

  test('takes "after" for a key that need not exist', async () => {
    expect((await list({ prefix: 'fruit', after: 'fruit/b' })).keys).toEqual(keys.slice(2, 5));
  });
});

describe('replog kv', () => {
  /** Runs `replog kv …` against the master; what it printed, and how it ended. */
  async function kv(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const program = stage.program(['kv', ...args], { REPLOG_URL: master.url });
    const closed = new Promise((resolve) => program.child.once('close', resolve));
    const { code } = await program.exited;
    await closed;
    const out = program.lines.map((line) => line.text ?? JSON.stringify(line)).join('\n');
    return { code, out, err: program.stderr };
  }

  test('puts, gets, lists and removes, whatever the key', async () => {
    const odd = ['__proto__', `cli/${EMOJI} %2F`];
    const puts = await Promise.all(odd.map((key, i) => kv('put', key, `value ${i}`, '--json')));
    for (const [i, { code, out }] of puts.entries()) {
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ key: odd[i], acks: ['n1', 'n2'] });
    }
    const gets = await Promise.all(odd.map((key) => kv('get', key)));
    expect(gets.map(({ code, out }) => [code, out])).toEqual([
      [0, 'value 0'],
      [0, 'value 1'],
    ]);
    const [listed, removed] = await Promise.all([
      kv('list', 'cli/', '--json'),
      kv('rm', '__proto__'),
    ]);
    expect(JSON.parse(listed.out).items).toMatchObject([{ key: odd[1], value: 'value 1' }]);
    expect(removed.code).toBe(0);
    expect((await master.get('__proto__')).status).toBe(404);
  });
});
