import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTokens, tokensIn } from '../../../src/cli/arguments/token.ts';
import { UsageError } from '../../../src/cli/exit.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replog-token-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'token');
  writeFileSync(path, text);
  return path;
}

test.each([
  ['one\n', ['one']],
  ['one', ['one']],
  ['first\nsecond\n', ['first', 'second']],
  ['\ufeff\r\n  first \r\n\r\n\tsecond\r\n', ['first', 'second']],
])('%j', (text, tokens) => {
  expect(tokensIn(file(text))).toEqual(tokens);
});

test.each([
  ['good\nnot s3cret\n', /^line 2 of the token file .*token is no token$/],
  ['\n\ns3crét', /^line 3 of the token file .*token is no token$/],
  ['', /^the token file .*token holds no token$/],
  [' \n\n', /^the token file .*token holds no token$/],
  ['s3cret\n'.repeat(11), /^the token file .*token holds more than 10 tokens$/],
])('%j is refused by its place, never by its text', (text, sentence) => {
  const refused = () => tokensIn(file(text));
  expect(refused).toThrow(UsageError);
  expect(refused).toThrow(sentence);
  expect(refused).not.toThrow(/s3cr/);
});

test('the environment has one, except where a launcher gives it to its nodes', () => {
  const env = { REPLOG_TOKEN: 'first\nsecond' };
  expect(() => readTokens(undefined, env)).toThrow('REPLOG_TOKEN holds no token');
  expect(readTokens(undefined, env, true)).toEqual(['first', 'second']);
  expect(readTokens(undefined, { REPLOG_TOKEN: ' one\n' })).toEqual(['one']);
});
