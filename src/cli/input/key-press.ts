// Waits for one key on a terminal.

import type { ReadStream } from 'node:tty';

/** Resolves with the key as the terminal sends it; Ctrl-C comes as U+0003. Rejects with the
 * signal's reason. The terminal is as before afterwards. */
export function keyPress(stdin: ReadStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stdin.off('data', onData);
      signal.removeEventListener('abort', onAbort);
      stdin.setRawMode(false);
      stdin.pause();
    };
    const onData = (data: Buffer): void => {
      settle();
      resolve(data.toString('utf8'));
    };
    const onAbort = (): void => {
      settle();
      reject(signal.reason);
    };
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    stdin.setRawMode(true);
    stdin.resume();
    stdin.once('data', onData);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
