import { describe, expect, test } from 'vitest';
import { EtcdRefused, EtcdUnreachable } from '../../../../src/node/arbiter/etcd/gateway.ts';
import { type AskWith, Login } from '../../../../src/node/arbiter/etcd/login.ts';

const USER = { name: 'replog', password: 'secret' };

/** An etcd that knows one token, and gives it for the right password. */
class Door {
  token = 't1';
  password = USER.password;
  away = false;
  readonly asked: string[] = [];
  readonly passwords: [string, object][] = [];
  /** How it says that it does not know a token. */
  unknown = new EtcdRefused(401, 'etcd answered 401: etcdserver: invalid auth token');

  readonly ask: AskWith = async (route, body, headers = {}) => {
    this.asked.push(`${route} ${headers.authorization ?? '-'}`);
    if ('password' in body) this.passwords.push([route, body]);
    await Promise.resolve();
    if (this.away) throw new EtcdUnreachable('etcd refuses connections');
    if (route === '/v3/auth/authenticate') {
      if ((body as typeof USER).password === this.password)
        return this.answer({ token: this.token });
      throw new EtcdRefused(400, 'etcd answered 400: authentication failed');
    }
    if (headers.authorization !== this.token) throw this.unknown;
    if (route === '/denied') throw new EtcdRefused(403, 'etcd answered 403: permission denied');
    return this.answer({ done: route });
  };

  answer(body: object) {
    return { body, url: 'http://etcd' };
  }
}

describe('a user of etcd', () => {
  test('shows its password once, to etcd alone, and then what it was given for it', async () => {
    const door = new Door();
    const login = new Login(door.ask, USER);
    const answers = await Promise.all(['/a', '/b'].map((route) => login.ask(route, {})));
    expect(answers.map(({ body }) => body)).toEqual([{ done: '/a' }, { done: '/b' }]);
    await login.ask('/c', {});
    expect(door.asked).toEqual(['/v3/auth/authenticate -', '/a t1', '/b t1', '/c t1']);
    expect(door.passwords).toEqual([['/v3/auth/authenticate', USER]]);
  });

  test.each([
    new EtcdRefused(401, 'etcd answered 401: etcdserver: invalid auth token'),
    new EtcdRefused(400, 'etcd answered 400: etcdserver: revision of auth store is old'),
  ])('asks for another where that is known no more, and once more: %s', async (unknown) => {
    const door = Object.assign(new Door(), { unknown });
    const login = new Login(door.ask, USER);
    await login.ask('/a', {});
    door.token = 't2';
    door.asked.length = 0;
    await Promise.all([login.ask('/b', {}), login.ask('/c', {})]);
    const again = ['/v3/auth/authenticate -', '/b t2', '/c t2'];
    expect(door.asked).toEqual(['/b t1', '/c t1', ...again]);
  });

  test('what etcd refuses for another reason is refused', async () => {
    const door = new Door();
    await expect(new Login(door.ask, USER).ask('/denied', {})).rejects.toThrow('permission denied');
    expect(door.asked).toEqual(['/v3/auth/authenticate -', '/denied t1']);
  });

  test('a password that is wrong, or an etcd that is away, is so until it is not', async () => {
    const door = new Door();
    const login = new Login(door.ask, USER);
    door.password = 'other';
    await expect(login.ask('/a', {})).rejects.toThrow(EtcdRefused);
    door.away = true;
    await expect(login.ask('/a', {})).rejects.toThrow(EtcdUnreachable);
    Object.assign(door, { away: false, password: USER.password });
    expect((await login.ask('/a', {})).body).toEqual({ done: '/a' });
  });

  test.each(['', 'a\r\nb', 'x'.repeat(9_000)])('what is no token is none: %j', async (token) => {
    const door = Object.assign(new Door(), { token });
    const failure = new Login(door.ask, USER).ask('/a', {});
    await expect(failure).rejects.toThrow(
      "http://etcd does not answer as etcd's JSON gateway does",
    );
  });
});
