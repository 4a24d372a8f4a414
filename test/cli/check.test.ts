import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { register } from '../../src/cli/commands/check.ts';
import { type Editable, legalHistory, ofType } from '../check/legal-history.ts';
import { runCommand } from './command-run.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replog-check-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const lines = (records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

async function fileWith(text: string | Uint8Array): Promise<string> {
  const file = join(folder, 'history.jsonl');
  await writeFile(file, text);
  return file;
}

/** `replog check -` with these pieces on standard input. */
async function checkInput(pieces: readonly Buffer[]) {
  const stdin = Readable.from(pieces);
  const spy = vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin as never);
  try {
    return await runCommand(register, 'check', '-');
  } finally {
    spy.mockRestore();
  }
}

/** The first success names a node twice. */
function illegal(): Editable[] {
  const records = legalHistory();
  ofType(records, 'write')[0]!.acks = ['n1', 'n1'];
  return records;
}

describe('replog check', () => {
  test('OK: one line, and exit code 0', async () => {
    const { code, err, out } = await runCommand(
      register,
      'check',
      await fileWith(lines(legalHistory())),
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^OK {2}\d+ records, \d+ acknowledged .*\n$/);
  });

  test('ILLEGAL: the contradiction, the records it is made of, and exit code 1', async () => {
    const { code, err, out } = await runCommand(
      register,
      'check',
      await fileWith(lines(illegal())),
    );
    const [verdict, why, record] = out.split('\n');
    const place = illegal().findIndex(({ type }) => type === 'write') + 1;
    expect(verdict).toMatch(/^ILLEGAL/);
    expect(why).toBe(
      `write concern: The success of a write with w=majority names a node twice (record ${place}).`,
    );
    expect(record).toContain(`  ${place}  {"type":"write"`);
    expect(code).toBe(1);
    expect(err).toContain('the history is illegal');
  });

  test('a record is shown on one line: cut, with nothing that a terminal obeys', async () => {
    const records = illegal();
    ofType(records, 'write')[0]!.client = '\u202e'.repeat(500);
    const { out } = await runCommand(register, 'check', await fileWith(lines(records)));
    const shown = out.split('\n')[2]!;
    expect(shown).toContain('"client":"⟨U+202E⟩⟨U+202E⟩');
    expect(shown.match(/⟨U\+202E⟩/g)!.length).toBeLessThan(400);
    expect(shown).toMatch(/…$/);
    expect(out).not.toContain('\u202e');
  });

  test('a node by whose name a verdict could be hidden is named harmlessly', async () => {
    const records = legalHistory();
    ofType(records, 'write')[0]!.acks = ['n1', '\u001b[2J'];
    const { out } = await runCommand(register, 'check', await fileWith(lines(records)));
    expect(out).toContain('bounded: ␛[2J is among the `acks`');
    expect(out).not.toContain('\u001b');
  });

  test('a last line without its end is a record like all others', async () => {
    const text = lines(legalHistory()).trimEnd();
    const { out } = await runCommand(register, 'check', await fileWith(text));
    expect(out).toContain(`OK  ${legalHistory().length} records`);
  });

  test('records in another order than that of their ends: which, and exit code 2', async () => {
    const records = legalHistory();
    const last = records.pop()!;
    const file = await fileWith(lines([last, ...records]));
    const { code, err, out } = await runCommand(register, 'check', file);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`line 2 of ${file} is out of order: it ended at 1, but stands behind `);
    expect(err).toContain('sort them by "return" or "at"');
  });

  test('UNKNOWN: why, and exit code 4', async () => {
    const some = legalHistory().slice(0, 10);
    const { code, err, out } = await runCommand(register, 'check', await fileWith(lines(some)));
    expect(out).toMatch(/^UNKNOWN/);
    expect(out).not.toMatch(/\b1 \w+s\b/);
    expect(err).toContain('no node was read after everything was quiet');
    expect(code).toBe(4);
  });

  test('--json: the verdict as one object, with the records that explain it', async () => {
    const file = await fileWith(lines(illegal()));
    const { out } = await runCommand(register, 'check', '--json', file);
    const printed = JSON.parse(out) as Record<string, unknown>;
    expect(printed).toMatchObject({ verdict: 'ILLEGAL', reasons: [], counts: { refused: 2 } });
    expect(printed.violations).toMatchObject([{ judge: 'write concern' }]);
    expect(printed.records).toMatchObject([{ record: { type: 'write', acks: ['n1', 'n1'] } }]);
  });

  test('"-" is stdin', async () => {
    const { code, out } = await checkInput([Buffer.from(lines(illegal()))]);
    expect(out).toContain('names a node twice');
    expect(code).toBe(1);
  });

  test('a line that no string can hold is refused: 2 is no verdict', async () => {
    const piece = Buffer.alloc(1 << 20, 'a');
    const { code, err, out } = await checkInput(Array.from({ length: 257 }, () => piece));
    expect(err).toContain('line 1 of standard input is too long to be a record\nhint: ');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('what is not UTF-8 is refused: replaced, two texts that differ would be one', async () => {
    const text = lines(legalHistory()).replace('one', '\u00ff');
    const file = await fileWith(Buffer.from(text, 'latin1'));
    const { code, err, out } = await runCommand(register, 'check', file);
    expect(err).toMatch(new RegExp(`line \\d+ of ${file} is not UTF-8 text`));
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('marks of an editor of Windows are not part of a record', async () => {
    const text = `\ufeff${lines(legalHistory()).replaceAll('\n', '\r\n')}`;
    const { code, err } = await runCommand(register, 'check', await fileWith(text));
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('a separator of lines within a text ends no record', async () => {
    const text = lines(legalHistory()).replaceAll('"one"', '"o\u2028n\u2029e"');
    const { code, err } = await runCommand(register, 'check', await fileWith(text));
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  const [first] = legalHistory();
  const write = ofType(legalHistory(), 'write')[0]!;
  const noIndex = JSON.stringify({ ...write, first: undefined, outcome: 'ok' });
  const batch = ofType(legalHistory(), 'write').find(({ operations }) => operations.length > 1)!;
  const noLast = JSON.stringify({ ...batch, last: undefined });
  const unheard = JSON.stringify({ ...write, outcome: 'unknown', return: null, acks: ['n1'] });
  const get = ofType(legalHistory(), 'get').find(({ value }) => value !== null)!;
  test.each([
    ['not JSON', '{"type":', 'not JSON'],
    ['no object', '[]', 'not a JSON object'],
    ['an empty line', '', 'not JSON'],
    ['no type', '{"at":1}', '"type" is none of'],
    ['a type from a prototype', '{"type":"toString"}', '"type" is none of'],
    ['a field is missing', '{"type":"phase","at":1}', '"phase" of a phase record is missing'],
    ['a field is wrong', JSON.stringify({ ...write, w: 0 }), '"w" of a write record is not what'],
    ['a moment without end', '{"type":"phase","at":1e999,"phase":"end"}', '"at" of a phase record'],
    ['no operation', JSON.stringify({ ...write, operations: [] }), '"operations" of a write'],
    ['an index that is a slip', JSON.stringify({ ...write, first: 1e12 }), '"first" of a write'],
    ['a value without an index', JSON.stringify({ ...get, index: null }), '"value" and "index"'],
    ['an index without a value', JSON.stringify({ ...get, value: null }), '"value" and "index"'],
    ['it ends before it begins', JSON.stringify({ ...write, return: -1 }), '"return" is before'],
    ['success without an index', noIndex, '"first" of a write that succeeded is missing'],
    ['a batch without its last index', noLast, '"last" of a batch with "first" is missing'],
    ['who has it, of a write without an answer', unheard, '"acks" of a write that was never'],
    ['success without an end', JSON.stringify({ ...write, return: null }), '"return" of a write'],
  ])('%s: the line is named, and exit code 2', async (_what, line, why) => {
    const text = `${JSON.stringify(first)}\n${line}\n${JSON.stringify(first)}\n`;
    const file = await fileWith(text);
    const { code, err, out } = await runCommand(register, 'check', file);
    expect(err).toContain(`replog: line 2 of ${file} is no record of a history: ${why}`);
    expect(err).toContain('; docs/history.md says which\n');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('a file of `chaos --record`: what was done is passed over, and lines keep their number', async () => {
    const deeds = [{ type: 'run', format: 1 }, { type: 'step' }, { type: 'miss' }];
    const file = await fileWith(lines([...deeds, ...illegal()]));
    const { code, err, out } = await runCommand(register, 'check', file);
    const place = illegal().findIndex(({ type }) => type === 'write') + 1 + deeds.length;
    expect(err).toContain('the history is illegal');
    expect(out).toContain(`(record ${place}).\n  ${place}  {"type":"write"`);
    expect(out).toContain(`${illegal().length} records`);
    expect(code).toBe(1);
  });

  test('what comes through a pipe is read once', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [{ code, out }] = await Promise.all([
      runCommand(register, 'check', pipe),
      writeFile(pipe, lines(illegal())),
    ]);
    expect(out).toContain('names a node twice');
    expect(code).toBe(1);
  });

  test('a file that is not there: exit code 2', async () => {
    const { code, err } = await runCommand(register, 'check', join(folder, 'none.jsonl'));
    expect(err).toMatch(/none\.jsonl cannot be read: there is no such file or folder\n/);
    expect(code).toBe(2);
  });
});
