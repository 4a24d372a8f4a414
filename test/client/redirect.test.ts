import { expect, test } from 'vitest';
import { masterIn } from '../../src/client/redirect.ts';

/** What a node at this URL says to a read that only a master can answer. */
const refused = (from: string) => ({
  ...{ url: `${from}/log?read=linearizable`, status: 503, headers: new Headers() },
  body: { code: 'not-linearizable', master: { node: 'n1', url: 'http://127.0.0.1:4000' } },
});

test('a node whose port begins like the master’s is not taken for the master', () => {
  expect(masterIn(refused('http://127.0.0.1:40001'))).toBe('http://127.0.0.1:4000');
  expect(masterIn(refused('http://127.0.0.1:4000'))).toBeNull();
});
