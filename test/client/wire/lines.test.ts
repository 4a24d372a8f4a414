import { expect, test } from 'vitest';
import { lines } from '../../../src/client/wire/lines.ts';

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
}

test('lines come whole, wherever the body was cut, and the last one without its end', async () => {
  const seen: string[] = [];
  for await (const some of lines(inPieces('ü\n€\n\u{1F9E1}'))) seen.push(...some);
  expect(seen).toEqual(['ü', '€', '\u{1F9E1}']);
});

test('a line that does not end is given up, and not gathered for ever', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 1;
      yield Buffer.alloc(1 << 16, 'x');
    }
  }
  const whole = async (): Promise<void> => {
    for await (const _ of lines(endless())) expect(read).toBeLessThan(32);
  };
  await expect(whole()).rejects.toThrow('does not end');
});
