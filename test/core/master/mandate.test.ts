import { describe, expect, test } from 'vitest';
import { Mandate } from '../../../src/core/master/mandate.ts';

describe('Mandate', () => {
  test('a word that is older than the appointment changes nothing', () => {
    const mandate = new Mandate({ replicas: null, size: 3, version: 5 }, false);
    expect(mandate.heed({ replicas: [], size: 9, version: 4 })).toBe(false);
    expect([mandate.size, mandate.told]).toEqual([3, false]);
    expect(mandate.heed({ replicas: [], size: 5, version: 5 })).toBe(true);
    expect([mandate.size, mandate.told]).toEqual([5, true]);
  });

  test('one without a version is believed, and an older one after it is not', () => {
    const mandate = new Mandate({ replicas: null, version: 5 }, false);
    expect(mandate.heed({ replicas: [] })).toBe(true);
    expect(mandate.heed({ replicas: [], version: 4 })).toBe(false);
  });

  test('whether another takes over is said with the appointment, and each time anew', () => {
    const mandate = new Mandate({ replicas: [], failover: true }, false);
    expect(mandate.failover).toBe(true);
    mandate.heed({ replicas: [] });
    expect(mandate.failover).toBe(false);
  });

  test('in the first epoch there is nobody to be told of', () => {
    expect(new Mandate({ replicas: null }, true).told).toBe(true);
    expect(new Mandate({ replicas: null }, false).told).toBe(false);
  });
});
