// Rule: Insert and Remove are answered with OperationAck, Get with GetResult, each with the id of
// its request. A key that does not exist has no value, and may be removed like any other.

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

const lastIndex = async (): Promise<number> => (await master.health()).body.lastIndex;

describe('Insert', () => {
  test('is answered by OperationAck, when all replicas have it', async () => {
    const before = await lastIndex();
    const { status, body, headers } = await master.put('colour', 'blue', { id: 'a-1' });
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('application/json');
    expect(body).toEqual({
      result: 'OperationAck',
      id: 'a-1',
      key: 'colour',
      index: before + 1,
      acks: ['n1', 'n2'],
      ms: expect.any(Number),
    });
    expect(await secondary.value('colour')).toBe('blue');
  });

  test('overwrites, and the newest value is what is read', async () => {
    await master.put('colour', 'red');
    const { body } = await master.put('colour', 'green');
    for (const node of [master, secondary]) {
      expect((await node.get('colour')).body).toMatchObject({ value: 'green', index: body.index });
    }
  });

  test('takes the empty string for a value', async () => {
    await master.put('empty', '');
    expect((await secondary.get('empty')).body).toMatchObject({ result: 'GetResult', value: '' });
  });

  test('on a secondary is redirected to the master', async () => {
    const { status, body, headers } = await secondary.put('colour', 'black');
    expect(status).toBe(307);
    expect(body).toMatchObject({ code: 'not-master', master: { node: 'n1', url: master.url } });
    expect(headers.location).toBe(`${master.url}/kv/colour`);
  });
});

describe('Remove', () => {
  test('is answered by OperationAck, and the key is gone everywhere', async () => {
    await master.put('gone', 'soon');
    const { status, body } = await master.remove('gone', { id: 17 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: 'OperationAck', id: 17, key: 'gone' });
    for (const node of [master, secondary]) expect((await node.get('gone')).status).toBe(404);
  });

  test('of a key that does not exist is an ordinary removal', async () => {
    const before = await lastIndex();
    const { status, body } = await master.remove('never-there');
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: 'OperationAck', index: before + 1, acks: ['n1', 'n2'] });
  });

  test('needs no body', async () => {
    const { status, body } = await call('DELETE', `${master.url}/kv/colour`);
    expect(status).toBe(200);
    expect(body.result).toBe('OperationAck');
  });
});

describe('Get', () => {
  test('answers GetResult with the id, which comes back as a string', async () => {
    const { body: ack } = await master.put('k', 'v');
    const { status, body } = await secondary.get('k', '?id=7');
    expect(status).toBe(200);
    expect(body).toEqual({ result: 'GetResult', id: '7', key: 'k', value: 'v', index: ack.index });
  });

  test('of an absent key is a GetResult without a value, and no problem document', async () => {
    for (const node of [master, secondary]) {
      const { status, body, headers } = await node.get('absent', '?id=x');
      expect(status).toBe(404);
      expect(headers['content-type']).toMatch(/^application\/json/);
      expect(body).toEqual({ result: 'GetResult', id: 'x', key: 'absent', value: null });
    }
  });
});

describe('the id', () => {
  test('is echoed as it was sent, a string or an integer', async () => {
    for (const id of ['7', 7, 0, -1, 'päth/ö', Number.MAX_SAFE_INTEGER]) {
      expect((await master.put('k', 'v', { id })).body.id).toBe(id);
      expect((await master.remove('k', { id })).body.id).toBe(id);
    }
  });

  test('is no key to duplicates: two clients may use the same one', async () => {
    const before = await lastIndex();
    const answers = await Promise.all(['a', 'b'].map((key) => master.put(key, key, { id: 1 })));
    expect(answers.map(({ body }) => [body.id, body.key])).toEqual([
      [1, 'a'],
      [1, 'b'],
    ]);
    expect(await lastIndex()).toBe(before + 2);
  });

  test('may be neither a fraction nor anything else', async () => {
    for (const id of [1.5, true, null, {}]) {
      expect((await master.put('k', 'v', { id })).body.code).toBe('invalid-request');
    }
  });
});

describe('a condition', () => {
  /** Refused with the index that the key has, and nothing was written. */
  async function expectRefusal(key: string, headers: Record<string, string>): Promise<unknown> {
    const before = await lastIndex();
    const indexes: unknown[] = [];
    for (const change of [master.put(key, 'other', {}, headers), master.remove(key, {}, headers)]) {
      const { status, body } = await change;
      expect([status, body.code]).toEqual([412, 'precondition-failed']);
      indexes.push(body.index);
    }
    expect(await lastIndex()).toBe(before);
    expect(indexes[0]).toBe(indexes[1]);
    return indexes[0];
  }

  test('If-Match lets a write through only at that very index', async () => {
    const { index } = (await master.put('matched', 'first')).body;
    expect(await expectRefusal('matched', { 'if-match': `"${index - 1}"` })).toBe(index);
    const second = await master.put('matched', 'second', {}, { 'if-match': `"${index}"` });
    expect(second.status).toBe(200);
    expect(await expectRefusal('matched', { 'if-match': `"${index}"` })).toBe(second.body.index);
    const headers = { 'if-match': `"${second.body.index}"` };
    expect((await master.remove('matched', {}, headers)).status).toBe(200);
  });

  test('If-Match fails where the key has no value', async () => {
    expect(await expectRefusal('unset', { 'if-match': '"1"' })).toBeNull();
  });

  test('If-None-Match: * lets a write through only where the key has no value', async () => {
    const none = { 'if-none-match': '*' };
    const first = await master.put('fresh', 'v', {}, none);
    expect(first.status).toBe(200);
    expect(await expectRefusal('fresh', none)).toBe(first.body.index);
    await master.remove('fresh');
    expect((await master.put('fresh', 'again', {}, none)).status).toBe(200);
  });
});
