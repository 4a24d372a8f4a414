// What is told of what a key has asked for.

import { describe, expect, test } from 'vitest';
import { answers, observing } from '../observing.ts';

describe('the performer', () => {
  test('an append that fails is an event and waits no more', async () => {
    const { store, observer, performer } = observing((url) =>
      url.pathname === '/messages'
        ? new Response('{"code":"no-quorum","detail":"\\u001b[2Jnobody"}', {
            status: 503,
            headers: { 'content-type': 'application/problem+json' },
          })
        : answers(url),
    );
    await observer.round();
    await performer.perform({ type: 'append', message: 'hi', w: 3 });
    expect(store.state.own).toMatchObject([{ state: 'failed', w: 3 }]);
    expect(store.state.happenings.at(-1)?.text).toBe('append with w=3 failed: ␛[2Jnobody');
  });

  test('the load is shown from the key that starts it to the one that ends it', async () => {
    const { store, performer } = observing();
    await performer.perform({ type: 'load', on: true });
    expect(store.state.loadOn).toBe(true);
    await performer.perform({ type: 'load', on: false });
    expect(store.state.loadOn).toBe(false);
    performer.stop();
  });

  test('what the launcher refuses is an event', async () => {
    const { store, performer } = observing();
    await performer.perform({ type: 'control', node: 'n1', verb: 'kill' });
    expect(store.state.happenings.map(({ tone }) => tone)).toEqual(['plain', 'bad']);
  });
});
