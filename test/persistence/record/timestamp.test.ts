import { describe, expect, it } from 'vitest';
import { isTimestamp, isUsualAt, USUAL_LENGTH } from '../../../src/persistence/record/timestamp.ts';

const USUAL = '2024-05-01T12:34:56.789Z';

describe('the time in an operation', () => {
  it.each([
    USUAL,
    new Date(0).toISOString(),
    new Date(253_402_300_800_000).toISOString(),
    '2024-05-01T12:34:56Z',
    '2024-05-01T12:34:56.123456789+05:30',
    '2024-05-01T12:34',
  ])('may be %s', (text) => {
    expect(isTimestamp(text)).toBe(true);
  });

  it.each(['', 'x 1', '2024', '2024-05-01', '2024-00-01T00:00Z', '2024-05-01T24:01Z', `${USUAL} `])(
    'is not "%s"',
    (text) => {
      expect(isTimestamp(text)).toBe(false);
    },
  );

  it('in the usual form is known by its bytes, and nothing else, whatever byte is changed', () => {
    const wrong: string[] = [];
    const looked = (text: string): void => {
      const bytes = Buffer.from(`"${text}"`, 'latin1');
      const usual = isTimestamp(text) && /\.\d{3}Z$/.test(text);
      if (isUsualAt(bytes, 1) !== usual) wrong.push(text);
    };
    looked(USUAL);
    for (let i = 0; i < USUAL_LENGTH; i += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        looked(USUAL.slice(0, i) + String.fromCharCode(byte) + USUAL.slice(i + 1));
      }
    }
    for (const [from, width] of [5, 8, 11, 14, 17].map((place) => [place, 2] as const)) {
      for (let value = 0; value < 100; value += 1) {
        const digits = String(value).padStart(width, '0');
        looked(USUAL.slice(0, from) + digits + USUAL.slice(from + width));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is not read beyond the end of the bytes', () => {
    expect(isUsualAt(Buffer.from(USUAL.slice(0, -1)), 0)).toBe(false);
  });
});
