// What commands must not find: a cluster of the machine that runs the tests, a token, a terminal.

import { afterEach, beforeEach, vi } from 'vitest';

/** Before each test of a file: no clusters, no token, no colour; after it all is as it was. */
export function isolate(): void {
  beforeEach(() => {
    vi.stubEnv('REPLOG_RUN_DIR', '/nonexistent');
    vi.stubEnv('REPLOG_URL', '');
    vi.stubEnv('REPLOG_TOKEN', '');
    vi.stubEnv('NO_COLOR', '1');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
}
