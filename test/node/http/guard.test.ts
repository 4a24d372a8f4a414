import { describe, expect, test } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { Faults } from '../../../src/node/faults/faults.ts';
import type { GuardOptions } from '../../../src/node/http/guard.ts';
import { Tokens } from '../../../src/node/http/tokens.ts';
import { call } from '../calls.ts';
import { FakeEngine } from '../fake-engine.ts';

function app(options: GuardOptions = {}) {
  return createApp(new FakeEngine(), { ...options, faults: new Faults(systemClock()) });
}

describe('Host', () => {
  const own: GuardOptions = {
    advertise: 'http://Node-1.example:4000',
    allowHosts: ['alias:81', 'Db'],
  };
  const accepted = [
    'localhost',
    'LOCALHOST:4000',
    '127.0.0.1:1',
    '127.1.2.3',
    '[::1]:4000',
    '127.0.0.1:',
    'localhost:',
    '[::ffff:127.0.0.1]',
    '[::FFFF:127.0.0.1]:4000',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:0:0:1]:',
    'node-1.example:4000',
    'node-1.example:9',
    'alias:81',
    'db',
    'db:5',
    'db:',
    'localhost.',
    'LOCALHOST.:4000',
    'localhost.:',
    'node-1.example.:9',
    'db.',
    'alias.:81',
  ];
  test.each(accepted)('%s is ours', async (host) => {
    expect((await call(app(own), 'GET', '/livez', undefined, { host })).status).toBe(200);
  });

  const refused = [
    'evil.example',
    'localhost.evil.example',
    'evil.example:4000',
    '127.0.0.1.evil.example',
    'alias:82',
    'alias',
    '127.0.0.1@evil.example',
    '1127.0.0.1',
    '::1',
    '[::ffff:10.0.0.1]',
    '[::2]',
    '[::1]x',
    '127.0.0.1::',
    ':',
    'evil.example:',
    'evil.example.',
    'localhost..',
    '.',
    '[::1].',
    '',
  ];
  test.each(refused)('"%s" is not', async (host) => {
    for (const [method, path] of [
      ['GET', '/messages'],
      ['POST', '/messages'],
      ['GET', '/nowhere'],
    ] as const) {
      const { status, body } = await call(app(own), method, path, undefined, { host });
      expect([status, body.code]).toEqual([421, 'unknown-host']);
    }
  });
});

describe('Origin', () => {
  const host = '127.0.0.1:4000';
  const own: GuardOptions = { advertise: 'http://node-1.example:4000' };
  test.each(['http://127.0.0.1:4000', 'http://node-1.example:4000'])(
    '%s is ours',
    async (origin) => {
      const headers = { host, origin };
      expect((await call(app(own), 'POST', '/messages', { message: 'a' }, headers)).status).toBe(
        201,
      );
    },
  );

  test.each([
    'null',
    'http://127.0.0.1:4001',
    'http://localhost:4000',
    'https://127.0.0.1:4000',
    'http://evil.example',
    '',
  ])('"%s" is foreign, for reads and writes alike', async (origin) => {
    for (const method of ['GET', 'POST']) {
      const headers = { host, origin };
      const { status, body } = await call(app(own), method, '/messages', undefined, headers);
      expect([status, body.code]).toEqual([403, 'foreign-origin']);
    }
  });
});

describe('token', () => {
  const peers = [
    ['POST', '/replica/snapshot'],
    ['POST', '/replica/heartbeat'],
    ['POST', '/replica/replicas'],
    ['POST', '/replica/fetch'],
    ['POST', '/arbiter/join'],
    ['POST', '/arbiter/leave'],
    ['GET', '/replica/snapshot'],
    ['GET', '/replica/nothing'],
    ['POST', '/arbiter/nothing'],
    ['GET', '/faults'],
    ['PUT', '/faults'],
    ['DELETE', '/faults'],
  ] as const;
  const clients = [
    ['GET', '/messages'],
    ['GET', '/health'],
    ['GET', '/livez'],
    ['GET', '/openapi.json'],
    ['GET', '/kv'],
  ] as const;
  const wrong = [undefined, '', 'Bearer', 'Bearer x', 'Basic secret', 'secret', 'Bearer secrets'];

  test.each(peers)('%s %s needs it', async (method, path) => {
    const guarded = app({ tokens: new Tokens(['secret']) });
    for (const authorization of wrong) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await call(guarded, method, path, undefined, headers);
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    const right = await call(guarded, method, path, undefined, { authorization: 'Bearer secret' });
    expect(right.status).not.toBe(401);
  });

  test.each(clients)('%s %s needs it only if it is required', async (method, path) => {
    expect((await call(app({ tokens: new Tokens(['secret']) }), method, path)).status).toBe(200);
    const strict = app({ tokens: new Tokens(['secret']), requireClientToken: true });
    expect((await call(strict, method, path)).status).toBe(401);
    const headers = { authorization: 'bearer secret' };
    expect((await call(strict, method, path, undefined, headers)).status).toBe(200);
  });

  test('each of several is right, until it is none of them any more', async () => {
    const tokens = new Tokens(['old', 'new']);
    const guarded = app({ tokens });
    const answered = async () =>
      Promise.all(
        ['old', 'new', 'other'].map(async (token) => {
          const headers = { authorization: `Bearer ${token}` };
          return (await call(guarded, 'GET', '/faults', undefined, headers)).status;
        }),
      );
    expect(await answered()).toEqual([200, 200, 401]);
    tokens.exchange(['new']);
    expect(await answered()).toEqual([401, 200, 401]);
  });

  test('without a token nothing is asked for', async () => {
    expect((await call(app(), 'GET', '/faults')).status).toBe(200);
  });
});
