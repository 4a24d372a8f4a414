import { expect, test } from 'vitest';
import { clearEcho } from '../../src/cli/interrupt.ts';

/** What is written to a terminal, or to a file. */
function written(isTTY: boolean, env: NodeJS.ProcessEnv): string {
  let text = '';
  const write = (more: string | Uint8Array): boolean => {
    text += String(more);
    return true;
  };
  clearEcho({ isTTY, write }, env);
  return text;
}

test('what a terminal shows of Ctrl-C does not stand before what is said of it', () => {
  expect(written(true, { TERM: 'xterm' })).toBe('\r\u001b[K');
  expect(written(true, { TERM: 'dumb' })).toBe('\n');
  expect(written(false, { TERM: 'xterm' })).toBe('');
});
