import { expect, test } from 'vitest';
import { plainDiagnostic, plainOutput } from '../../../src/cli/printing/plain-diagnostic.ts';

const line = (fields: object): string =>
  `${JSON.stringify({ level: 'warn', at: '2026-01-01T00:00:00.000Z', name: 'n1', ...fields })}\n`;

test.each([
  [{ error: 'ENOSPC', msg: 'it is tried again' }, 'n1: it is tried again: ENOSPC\n'],
  [{ bytes: 12, msg: 'a torn tail was cut off' }, 'n1: a torn tail was cut off (bytes 12)\n'],
  [{ msg: 'nothing more' }, 'n1: nothing more\n'],
  [
    { err: { message: 'a\u001b[2J', stack: 'at x' }, path: '/log', msg: 'a request failed' },
    'n1: a request failed (path /log): a␛[2J\n',
  ],
])('%j reads %j', (fields, said) => {
  expect(plainDiagnostic(line(fields), true)).toBe(said);
});

test('a note is put as the server itself puts it, unless the terminal has it from there', () => {
  const note = line({ event: 'refused', by: 'http://x:1', code: 'no-arbiter' });
  expect(plainDiagnostic(note, false)).toMatch(/^n1 is given no role by http:\/\/x:1: no arbiter/);
  expect(plainDiagnostic(note, true)).toBe('');
});

test('what a node writes stands beside the lines of its launcher as one of them', () => {
  const warning = line({ connections: 4, msg: 'no more are taken' });
  expect(plainOutput('n1', warning)).toBe('n1: no more are taken (connections 4)\n');
  // The launcher tells it as an event.
  expect(plainOutput('n1', line({ event: 'refused', by: 'http://x:1', code: 'x' }))).toBe('');
});

test.each(['oh\u001b[2J', '{"level":"warn', '{"level":"warn"}', '{"at":"x"}', 'null'])(
  'any other line is shown as it came: %j',
  (text) => {
    expect(plainOutput('n1', text)).toBe(`n1 | ${text.replace('\u001b', '␛')}\n`);
  },
);
