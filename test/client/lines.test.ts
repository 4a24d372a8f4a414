import { expect, test } from 'vitest';
import { lines } from '../../src/client/lines.ts';

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
}

test('lines come whole, wherever the body was cut, and the last one without its end', async () => {
  const seen: string[] = [];
  for await (const some of lines(inPieces('ü\n€\n\u{1F9E1}'))) seen.push(...some);
  expect(seen).toEqual(['ü', '€', '\u{1F9E1}']);
});
