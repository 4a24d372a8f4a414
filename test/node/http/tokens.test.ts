import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { expect, onTestFinished, test, vi } from 'vitest';
import { TOKENS_MAX, Tokens } from '../../../src/node/http/tokens.ts';

test('all of them are accepted, and the first is sent', () => {
  const tokens = new Tokens(['old', 'new']);
  expect(['old', 'new', 'other', 'ol', ''].map((token) => tokens.accepts(token))).toEqual([
    ...[true, true],
    ...[false, false, false],
  ]);
  expect(tokens.authorization).toBe('Bearer old');
});

test.each(['a', 'c', 'none'])('%s is compared with each, to its end', (token) => {
  const compared = vi.spyOn(crypto, 'timingSafeEqual');
  syncBuiltinESMExports();
  onTestFinished(() => {
    compared.mockRestore();
    syncBuiltinESMExports();
  });
  const tokens = new Tokens(['a', 'b', 'c']);
  tokens.accepts(token);
  expect(compared).toHaveBeenCalledTimes(3);
});

test('others count from the moment on at which they are exchanged, and who listens is told', () => {
  const tokens = new Tokens(['old']);
  const told = vi.fn();
  const unlisten = tokens.onExchange(told);
  tokens.exchange(['new', 'old']);
  expect([tokens.accepts('old'), tokens.accepts('new'), tokens.authorization]).toEqual([
    ...[true, true],
    'Bearer new',
  ]);
  expect(told).toHaveBeenCalledTimes(1);
  unlisten();
  tokens.exchange(['new']);
  expect(tokens.accepts('old')).toBe(false);
  expect(told).toHaveBeenCalledTimes(1);
});

test('there is one at least, and no more than are bearable', () => {
  const tokens = new Tokens(['a']);
  expect(() => tokens.exchange([])).toThrow(RangeError);
  const many = Array.from({ length: TOKENS_MAX + 1 }, (_, i) => `t${i}`);
  expect(() => tokens.exchange(many)).toThrow(RangeError);
  expect(tokens.all).toEqual(['a']);
  tokens.exchange(many.slice(1));
  expect(tokens.all).toHaveLength(TOKENS_MAX);
});
