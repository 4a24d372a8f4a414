import { expect, test } from 'vitest';
import { HeldOutput } from '../../../src/dashboard/terminal/held-output.ts';

function terminal(isTTY = true) {
  const seen: string[] = [];
  const stream = {
    isTTY,
    write: ((chunk: string) => {
      seen.push(chunk);
      return true;
    }) as typeof process.stderr.write,
  };
  return { seen, stream, original: stream.write };
}

test('what others write while the screen is taken comes when it is given back, in order', () => {
  const { seen, stream, original } = terminal();
  let shown = false;
  const held = new HeldOutput(stream, () => shown);
  stream.write('before ');
  shown = true;
  stream.write('one ');
  stream.write('two ');
  expect(seen).toEqual(['before ']);
  held.flush();
  expect(seen.join('')).toBe('before one two ');
  stream.write('three ');
  held.release();
  expect(seen.join('')).toBe('before one two three ');
  expect(stream.write).toBe(original);
});

test('a flood is cut short, and says so; who waits for a write is told', async () => {
  const { seen, stream } = terminal();
  const held = new HeldOutput(stream, () => true);
  for (let i = 0; i < 1_000; i += 1) stream.write(`${i}\n`);
  await new Promise<void>((resolve) => stream.write('last', () => resolve()));
  held.release();
  expect(seen).toHaveLength(201);
  expect(seen.at(-1)).toBe('and 801 more that were not kept\n');
});

test('a file is no terminal: it is written at once', () => {
  const { seen, stream } = terminal(false);
  new HeldOutput(stream, () => true);
  stream.write('to a file');
  expect(seen).toEqual(['to a file']);
});
