import { describe, expect, test } from 'vitest';
import { createArbiterApp } from '../../../src/node/api/arbiter-app.ts';
import { call } from '../calls.ts';
import { FakeEngine, N1 } from '../fake-engine.ts';
import { BODIES } from '../peers/peer-bodies.ts';

describe('an arbiter on its own', () => {
  const arbiter = () => {
    const engine = new FakeEngine();
    engine.response = { type: 'Left' };
    const members = [{ ...N1, incarnation: 'not told' }];
    const view = { receive: engine.receive.bind(engine), members, master: N1 };
    return { engine, app: createArbiterApp(view) };
  };

  test('takes Join and Leave, and no other message', async () => {
    const { engine, app } = arbiter();
    expect((await call(app, 'POST', '/arbiter/leave', BODIES.Leave)).body).toEqual({
      result: 'Left',
    });
    expect((await call(app, 'POST', '/arbiter/join', BODIES.Join)).status).toBe(200);
    expect(engine.received.map(({ type }) => type)).toEqual(['Leave', 'Join']);
    expect((await call(app, 'POST', '/replica/snapshot', BODIES.Snapshot)).status).toBe(404);
  });

  test('says whom it knows, and what it can', async () => {
    const { app } = arbiter();
    expect((await call(app, 'GET', '/health')).body).toEqual({
      role: 'arbiter',
      master: N1,
      members: [N1],
    });
    const { paths } = (await call(app, 'GET', '/openapi.json')).body;
    expect(Object.keys(paths)).toContain('/arbiter/join');
  });
});
