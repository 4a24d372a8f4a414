import { expect, test } from 'vitest';
import { DiagnosticsSink } from '../../../src/node/diagnostics/diagnostics-sink.ts';

/** A pipe whose reader reads when it is told to. */
function pipe() {
  const taken: string[] = [];
  return {
    taken,
    writableLength: 0,
    write(text: string) {
      taken.push(text);
      this.writableLength += text.length;
    },
  };
}

test('lines that nobody reads wait up to a MiB; then so many are lost, and that is said', () => {
  const stderr = pipe();
  const sink = new DiagnosticsSink(() => stderr);
  const line = `${'x'.repeat(1_023)}\n`;
  for (let count = 0; count < 1_030; count += 1) sink.write(line);
  expect(stderr.taken).toHaveLength(1_024);
  stderr.writableLength = 0;
  sink.write('heard again\n');
  sink.write('and again\n');
  const [said, ...rest] = stderr.taken.slice(1_024);
  expect(JSON.parse(said!)).toMatchObject({ level: 'warn', lost: 6 });
  expect(rest).toEqual(['heard again\n', 'and again\n']);
});
