// What a test serves where it says nothing else.

import type { ServeNodeOptions } from '../../src/node/serve.ts';

/** n1, which is its own arbiter, in memory, at any free port; it says nothing. */
export const LONE_NODE: ServeNodeOptions = {
  ...{ id: 'n1', role: null, join: null, size: null, dataDir: null, w: 1, faults: false },
  ...{ host: '127.0.0.1', port: 0, advertise: null, allowHosts: [] },
  ...{ tokens: null, requireClientToken: false, logLevel: 'silent' },
};
