import { describe, expect, test } from 'vitest';
import { epoch } from '../../../src/core/ids.ts';
import { Incumbency } from '../../../src/core/master/incumbency.ts';
import type { Master } from '../../../src/core/master/master.ts';

const master = (number: number, ready: boolean): Master =>
  ({ epoch: epoch(number), ready }) as Partial<Master> as Master;

describe('the last epoch in which a node has led', () => {
  test('counts if nobody else was appointed from then on', () => {
    const incumbency = new Incumbency();
    incumbency.note(master(3, true));
    expect(incumbency.after(epoch(2))).toBe(3);
    expect(incumbency.after(epoch(3))).toBe(3);
    expect(incumbency.after(epoch(4))).toBeNull();
    expect(incumbency.after(undefined)).toBeNull();
  });

  test('is one in which it was ready', () => {
    const incumbency = new Incumbency();
    incumbency.note(null);
    incumbency.note(master(2, false));
    expect(incumbency.after(epoch(1))).toBeNull();
    incumbency.note(master(3, true));
    incumbency.note(master(4, false));
    expect(incumbency.after(epoch(1))).toBe(3);
  });
});
