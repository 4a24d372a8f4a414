import { describe, expect, test } from 'vitest';
import { epoch, logIndex, seq, session } from '../../../src/core/ids.ts';
import { SecondarySession } from '../../../src/core/secondary/secondary-session.ts';

const at = (e: number, s: number) => ({ epoch: epoch(e), session: session(s) });

describe('SecondarySession', () => {
  test.each([
    { message: at(2, 5), order: 'same' },
    { message: at(2, 4), order: 'older' },
    { message: at(2, 6), order: 'newer' },
    { message: at(1, 9), order: 'older' },
    { message: at(3, 1), order: 'newer' },
  ])('C10: compared with (2, 5), $message is $order', ({ message, order }) => {
    const { epoch: e, session: s } = at(2, 5);
    expect(new SecondarySession(e, s).compare(message)).toBe(order);
  });

  test('expects 0 first, then what follows on what was taken', () => {
    const life = new SecondarySession(epoch(1), session(1));
    expect(life).toMatchObject({ expected: 0, ackedSeq: -1, fresh: true });
    life.took(seq(4), logIndex(9));
    expect(life).toMatchObject({ expected: 5, ackedSeq: -1, fresh: false });
    life.took(seq(2), logIndex(7));
    expect(life.expected).toBe(5);
  });

  test('C4: acknowledges exactly what is persisted', () => {
    const life = new SecondarySession(epoch(1), session(1));
    life.took(seq(1), logIndex(11));
    life.took(seq(5), logIndex(15));
    const acked = [10, 11, 14, 15, 99].map((index) => {
      life.persisted(logIndex(index));
      return life.ackedSeq;
    });
    expect(acked).toEqual([-1, 1, 1, 5, 5]);
  });
});
