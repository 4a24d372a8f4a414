// What `replog bench` refuses before it measures anything.

import { expect, test } from 'vitest';
import { refuseUnacknowledged, register } from '../../src/cli/commands/bench.ts';
import { runCommand } from './command-run.ts';

const RUNNING = ['--url', 'http://127.0.0.1:9'];

test.each([
  { args: ['--memory', ...RUNNING], why: '--memory is for a throw-away cluster' },
  { args: ['--secondaries', '4', ...RUNNING], why: '--secondaries is for a throw-away cluster' },
  { args: ['--w', '2', '--compare', '1,2'], why: '--w and --compare exclude each other' },
  { args: ['--throw-away', ...RUNNING], why: '--throw-away and --url exclude each other' },
])('what would be ignored is refused: $why', async ({ args, why }) => {
  const { code, err, out } = await runCommand(register, 'bench', ...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(why);
});

test('a write concern that nothing was acknowledged with is named', () => {
  const met = { w: 1, messages: 9, failed: 2 } as const;
  refuseUnacknowledged([met, { w: 2, messages: 0, failed: 0 }]);
  const unmet = { w: 3, messages: 0, failed: 32 } as const;
  expect(() => refuseUnacknowledged([met, unmet])).toThrow('nothing was acknowledged with w=3');
});
