import { expect, test } from 'vitest';
import { cleanJson, cleanText } from '../../src/cli/printing/clean-text.ts';
import { stylesFor, wantsColour } from '../../src/cli/printing/colour.ts';
import { counted, entryRange } from '../../src/cli/printing/counted.ts';
import { Progress } from '../../src/cli/printing/progress.ts';
import { tableLines } from '../../src/cli/printing/table.ts';
import { fitted, textWidth } from '../../src/cli/printing/text-width.ts';

test.each([
  ['plain', 'plain'],
  ['\u001b]52;c;x\u0007', '␛]52;c;x␇'],
  ['a\r\nb\tc', 'a␍␊b␉c'],
  ['\u007f', '␡'],
  ['\u009b31m', '⟨U+009B⟩31m'],
  ['\u202egpj.exe', '⟨U+202E⟩gpj.exe'],
  ['a\u200bb\ufeff', 'a⟨U+200B⟩b⟨U+FEFF⟩'],
  ['\u2066\u061c', '⟨U+2066⟩⟨U+061C⟩'],
  ['\u2028', '⟨U+2028⟩'],
  ['x\u200dy', 'x⟨U+200D⟩y'],
  ['\u{e0041}', '⟨U+E0041⟩'],
  ['\u3164', '⟨U+3164⟩'],
  ['\ud800', '⟨U+D800⟩'],
  ['grün 日本 é', 'grün 日本 é'],
  ['👩‍💻 ❤️ 👩🏽‍🚀', '👩‍💻 ❤️ 👩🏽‍🚀'],
])('%j is shown as %s', (text, shown) => {
  expect(cleanText(text)).toBe(shown);
});

test('numbers have the word that fits them', () => {
  expect([0, 1, 2].map((count) => counted(count, 'key', 'keys'))).toEqual([
    '0 keys',
    '1 key',
    '2 keys',
  ]);
  expect(entryRange(0, null, null)).toBe('no entries');
  expect(entryRange(1, 5, 5)).toBe('1 entry, at 5');
  expect(entryRange(3, 5, 8)).toBe('3 entries, 5 to 8');
});

test('JSON escapes the same characters, and means the same', () => {
  const value = { text: '\u001b\u007f\u009b\u202e\u200b\ufeff\u{e0041}\u2028ü' };
  const json = cleanJson(value);
  expect(json).toBe('{"text":"\\u001b\\u007f\\u009b\\u202e\\u200b\\ufeff\\udb40\\udc41\\u2028ü"}');
  expect(JSON.parse(json)).toEqual(value);
});

test.each([
  ['abc', 3],
  ['日本', 4],
  ['é', 1],
  ['👩‍💻', 2],
  ['❤️', 2],
  ['︙', 2],
  ['\u1161', 0],
])('%s is %d columns wide', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('a table aligns what is wide, cleans what is foreign, and shows null', () => {
  const rows = [
    ['n1', 5, 'x\u001b[2J'],
    ['日本', 1_000, null],
  ];
  expect(tableLines(['NODE', 'ACKED', 'ERROR'], rows)).toEqual([
    'NODE  ACKED  ERROR',
    'n1        5  x␛[2J',
    '日本   1000  -',
  ]);
});

test('a table has as many rows as there are', () => {
  const rows = Array.from({ length: 200_000 }, (_, n) => [`key ${n}`, n]);
  const lines = tableLines(['KEY', 'INDEX'], rows);
  expect([lines.length, lines[0], lines[1], lines.at(-1)]).toEqual([
    ...[200_001, 'KEY          INDEX', 'key 0            0', 'key 199999  199999'],
  ]);
});

test.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { NO_COLOR: '1' }, false],
  [{ isTTY: true }, { NO_COLOR: '' }, true],
  [{ isTTY: true }, { TERM: 'dumb' }, false],
  [{ isTTY: false }, {}, false],
  [{}, {}, false],
])('colour on %j with %j: %s', (stream, env, wanted) => {
  expect(wantsColour(stream, env)).toBe(wanted);
  expect(stylesFor(stream, env).red('x')).toBe(wanted ? '\u001b[31mx\u001b[39m' : 'x');
});

test('a progress bar is drawn at a terminal, now and then, and goes away', () => {
  let now = 0;
  let screen = '';
  const write = (text: string) => (screen += text);
  const bar = new Progress(100, { isTTY: true, write }, () => now, {});
  bar.update(25, '1 message');
  bar.update(26, 'too soon');
  expect(screen).toBe('\r[######..................] 25%  0 ms left  1 message\u001b[J\r');
  now = 1_000;
  bar.update(50, '2 messages');
  expect(screen.endsWith('50%  1.0 s left  2 messages\u001b[J\r')).toBe(true);
  bar.finish();
  expect(screen.endsWith('\r \u001b[J\r')).toBe(true);
});

test('a progress bar never wraps: it could not be written over', () => {
  let screen = '';
  const write = (text: string) => (screen += text);
  const bar = new Progress(100, { isTTY: true, columns: 40, write }, () => 0, {});
  bar.update(25, 'many words that do not fit');
  expect(screen).toBe('\r[###.........] 25%  0 ms left  many wo…\u001b[J\r');
});

test('a progress bar is no longer on a wide terminal', () => {
  let screen = '';
  const write = (text: string) => (screen += text);
  const env = { TERM: 'xterm' };
  new Progress(100, { isTTY: true, columns: 200, write }, () => 0, env).update(100, 'all');
  expect(screen).toBe(`\r[${'#'.repeat(24)}]100%  0 ms left  all\u001b[J\r`);
});

test('a line is broken between words where a terminal is too narrow, and nowhere else', () => {
  const line = '  hint: see `replog outcome key-1` and wait  for it';
  expect(fitted(line, { columns: 24 })).toEqual([line]);
  expect(fitted(line, { isTTY: true, columns: line.length })).toEqual([line]);
  expect(fitted(line, { isTTY: true, columns: 24 })).toEqual([
    '  hint: see',
    '  `replog outcome key-1`',
    '  and wait  for it',
  ]);
});

test('a progress bar is not for files', () => {
  const bar = new Progress(100, { write: () => expect.unreachable() }, () => 0);
  bar.update(50, 'half');
  bar.finish();
});

test('columns of a long text: the same as of its parts, and soon', () => {
  const parts = ['plain ', '日本', '👨‍👩‍👧 ', '🇩🇪🇫🇷', 'e\u0301', '1\ufe0f\u20e3 ', '\ud800'];
  const widths = parts.map(textWidth);
  const long = Array.from({ length: 20_000 }, (_, i) => (i * 7 + (i >> 3)) % parts.length);
  const text = long.map((i) => parts[i]).join('|');
  const width = long.reduce((sum, i) => sum + widths[i]!, long.length - 1);
  const beganAt = performance.now();
  expect(textWidth(text)).toBe(width);
  expect(textWidth('日'.repeat(100_000))).toBe(200_000);
  // Divided at once these took minutes.
  expect(performance.now() - beganAt).toBeLessThan(10_000);
});
