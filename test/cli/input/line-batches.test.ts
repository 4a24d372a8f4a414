import { expect, test } from 'vitest';
import { UsageError } from '../../../src/cli/exit.ts';
import { BATCH_LINES_MAX, lineBatches } from '../../../src/cli/input/line-batches.ts';

async function* chunksOf(...texts: (string | Uint8Array)[]) {
  for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text;
}

async function batchesOf(chunks: AsyncIterable<Uint8Array>, full?: boolean) {
  const batches: (readonly string[])[] = [];
  for await (const { lines } of lineBatches(chunks, full)) batches.push(lines);
  return batches;
}

test('what has arrived goes out; a line in two pieces is one line', async () => {
  expect(await batchesOf(chunksOf('a\nb\nc', 'd\n\r\n', 'e\r\nlast'))).toEqual([
    ['a', 'b'],
    ['cd', ''],
    ['e'],
    ['last'],
  ]);
});

test('an empty input is no line, a lone line end an empty one', async () => {
  expect(await batchesOf(chunksOf())).toEqual([]);
  expect(await batchesOf(chunksOf('\n'))).toEqual([['']]);
});

test('full batches do not depend on how the input arrives', async () => {
  const whole = 'x\n'.repeat(BATCH_LINES_MAX + 2);
  const inOne = await batchesOf(chunksOf(whole), true);
  const inPieces = await batchesOf(chunksOf(whole.slice(0, 7), whole.slice(7)), true);
  expect(inPieces).toEqual(inOne);
  expect(inOne.map((lines) => lines.length)).toEqual([BATCH_LINES_MAX, 2]);
});

test('a batch stays well below the limit of a request, escapes counted', async () => {
  const line = '\u0001'.repeat(500_000);
  const batches = await batchesOf(chunksOf(`${line}\n`.repeat(6)));
  expect(batches.flat()).toHaveLength(6);
  for (const lines of batches) expect(JSON.stringify(lines).length).toBeLessThan(9 << 20);
  expect(batches.length).toBeGreaterThan(1);
});

test('a letter may be cut in two; a byte order mark is somebody’s text', async () => {
  const bytes = Buffer.from('\ufeffü€\n');
  expect(await batchesOf(chunksOf(bytes.subarray(0, 4), bytes.subarray(4)))).toEqual([
    ['\ufeffü€'],
  ]);
});

test('what is not UTF-8 is refused, not changed', async () => {
  await expect(batchesOf(chunksOf(Uint8Array.of(0x61, 0xff, 0x0a)))).rejects.toThrow(/UTF-8/);
  await expect(batchesOf(chunksOf(Uint8Array.of(0xc3)))).rejects.toThrow(/UTF-8/);
});

test.each([
  [['a\nb\nc', Uint8Array.of(0xff), '\nd\n'], 'line 3 of the input is not UTF-8 text'],
  [['a\n', 'b\n', Uint8Array.of(0xc3)], 'line 3 of the input is not UTF-8 text'],
  [['a\n', 'x'.repeat((16 << 20) + 1)], 'line 2 of the input is too long to be a message'],
])('what is refused is named by its line (%#)', async (chunks, said) => {
  await expect(batchesOf(chunksOf(...chunks))).rejects.toThrow(said);
});

test.each([
  [true, ['a\nb\n', Uint8Array.of(0xff), '\nd\n'], [['a', 'b']]],
  [false, [Buffer.from('a\n\r\n\xff\nd\n', 'latin1')], [['a', '']]],
  [true, ['a\nb\n', 'c', Uint8Array.of(0xc3)], [['a', 'b']]],
  [true, ['\n', Uint8Array.of(0xff, 0x0a)], [['']]],
  [true, ['a\n', 'x'.repeat((16 << 20) + 1)], [['a']]],
  [false, [`a\n${'x'.repeat((16 << 20) + 1)}`], [['a']]],
  [true, [Uint8Array.of(0xff, 0x0a)], []],
])('the lines before a bad one go out first (%#)', async (full, chunks, batches) => {
  const gone: (readonly string[])[] = [];
  const all = async () => {
    for await (const { lines } of lineBatches(chunksOf(...chunks), full)) gone.push(lines);
  };
  await expect(all()).rejects.toThrow(UsageError);
  expect(gone).toEqual(batches);
});

test('of an input that breaks off, what was not full does not go out', async () => {
  async function* broken() {
    yield Buffer.from('a\n');
    throw new Error('gone');
  }
  await expect(lineBatches(broken(), true).next()).rejects.toThrow('gone');
});

test('a line in a thousand pieces is put together once', async () => {
  const pieces = Array.from({ length: 1_000 }, () => 'x'.repeat(8_192));
  const startedAt = performance.now();
  const batches = await batchesOf(chunksOf(...pieces, '\n'));
  const ms = performance.now() - startedAt;
  expect(batches.flat().join() === pieces.join('')).toBe(true);
  // Looked at anew with each piece, it took ten times as long.
  expect(ms).toBeLessThan(2_000);
});
