// A guard that lets everybody in, for tests of what stands behind it.

import type { Guard } from '../../../src/node/http/guard.ts';

export const NO_GUARD: Guard = Object.assign(() => null, { onChange: () => () => undefined });
