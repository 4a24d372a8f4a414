import { expect, test } from 'vitest';
import { asciiOf, keepToAscii } from '../../../src/cli/printing/ascii.ts';
import { cleanJson, cleanText } from '../../../src/cli/printing/clean-text.ts';

test('signs have stand-ins; other text is as wide as it was', () => {
  expect(asciiOf('ї… → 日x')).toBe('?~ > ??x');
  expect(asciiOf('w ≤ 2 · 3 × 4  ✓ once ✗ limits')).toBe('w <= 2 . 3 x 4  + once x limits');
  expect(asciiOf(`${cleanText('a\u202eb')} e\u0301`)).toBe('a<U+202E>b e');
  expect(asciiOf('\r\u001b[K\u001b[1mü\u001b[22m\n')).toBe('\r\u001b[K\u001b[1m?\u001b[22m\n');
});

/** What a stream is sent that is written to. */
function sent(isTTY: boolean, env: NodeJS.ProcessEnv): (string | Uint8Array)[] {
  const chunks: (string | Uint8Array)[] = [];
  const write = (chunk: string | Uint8Array): boolean => chunks.push(chunk) > 0;
  const output = { isTTY, write };
  keepToAscii(output, env);
  output.write('ü…');
  output.write(Buffer.from([0xff]));
  return chunks;
}

const BYTES = Buffer.from([0xff]);

test.each<[NodeJS.ProcessEnv, string]>([
  [{ LANG: 'C' }, '?~'],
  [{ LANG: 'de_DE.ISO-8859-1' }, '?~'],
  [{ LC_ALL: 'POSIX', LANG: 'C.UTF-8' }, '?~'],
  [{ LC_CTYPE: 'C', LANG: 'C.UTF-8' }, '?~'],
  [{ LC_ALL: '', LC_CTYPE: 'en_US.utf8', LANG: 'C' }, 'ü…'],
  [{ LC_ALL: 'C.UTF-8', LC_CTYPE: 'C' }, 'ü…'],
  [{}, 'ü…'],
])('a terminal with %j is sent %s, and bytes as they are', (env, text) => {
  expect(sent(true, env)).toEqual([text, BYTES]);
});

test('a pipe is sent every text as it is', () => {
  expect(sent(false, { LANG: 'C' })).toEqual(['ü…', BYTES]);
});

test('JSON means the same in ASCII', () => {
  const value = { text: 'ü日👩‍💻\u007f\u2028' };
  const json = cleanJson(value, true);
  expect(json).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(json)).toEqual(value);
});
