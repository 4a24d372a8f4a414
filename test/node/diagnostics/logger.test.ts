import { expect, test, vi } from 'vitest';
import type { Note } from '../../../src/core/effects.ts';
import {
  createLogger,
  type Logger,
  logNote,
  logUnwritten,
  logUnwrittenLog,
} from '../../../src/node/diagnostics/logger.ts';
import { StorageFailure } from '../../../src/persistence/persistence.ts';

test.each([
  ['resend', 'debug'],
  ['duplicate', 'debug'],
  ['role', 'info'],
  ['joined', 'info'],
  ['discarded', 'warn'],
  ['refused', 'warn'],
  ['unanswered', 'warn'],
  ['damaged', 'warn'],
  ['lost', 'warn'],
] as const)('of the note "%s" the level is %s, and all of it is said', (event, level) => {
  const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn() };
  const note = { event } as Note;
  logNote(logger as unknown as Logger, note);
  const said = Object.entries(logger).filter(([, { mock }]) => mock.calls.length > 0);
  expect(said.map(([name]) => name)).toEqual([level]);
  expect(logger[level]).toHaveBeenCalledWith(note);
});

test('who writes a line stands under another name than whom it is about', () => {
  expect(createLogger({ name: 'n1', level: 'silent' }).bindings()).toEqual({ name: 'n1' });
});

test.each([
  [logUnwritten, 'ENOENT', /the data folder is gone: put it back, or start this process again/],
  [logUnwritten, 'EIO', /what must not be forgotten cannot be written; it is tried again/],
  [logUnwrittenLog, 'ENOENT', /the data folder is gone: put it back, .* the log cannot be written/],
  [logUnwrittenLog, 'EMFILE', /the log cannot be written; it is tried again/],
])('of %o, what cannot be written for %s is warned of with the way out', (log, code, said) => {
  const warn = vi.fn();
  const cause = Object.assign(new Error(`${code}: open a file`), { code });
  const failure = new StorageFailure(cause.message, false, cause);
  log({ warn } as unknown as Logger)(failure);
  expect(warn).toHaveBeenCalledWith({ error: cause.message }, expect.stringMatching(said));
});
