import { expect, test } from 'vitest';
import { logIndex } from '../../src/core/ids.ts';
import { Folds } from '../../src/core/ledger.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';

test('the floor of folds that were restored falls with a log that starts over', () => {
  const folds = new Folds(DEFAULT_OPTIONS);
  const nothing = (): void => {};
  const last = logIndex(10);
  folds.restore({ last, batch: null, open: null, eachKey: nothing, eachRequest: nothing });
  expect(folds.floor).toBe(10);
  folds.truncated(logIndex(0));
  expect(folds.floor).toBe(0);
});
