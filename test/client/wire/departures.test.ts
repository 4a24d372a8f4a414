import { expect, test } from 'vitest';
import { Departures } from '../../../src/client/wire/departures.ts';

test('a signal is listened to again after nobody wanted to know for a while', () => {
  const departures = new Departures();
  const controller = new AbortController();
  const told: string[] = [];
  departures.on(controller.signal, () => told.push('first'))();
  departures.on(controller.signal, () => told.push('second'));
  controller.abort();
  expect(told).toEqual(['second']);
});
