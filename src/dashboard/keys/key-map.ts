// The keys of the main screen: one table from which they are handled, shown in the foot and in the
// help, and put as command lines, so that these cannot disagree.

import type { KeyEntry } from './key-entry.ts';
import { LOOK_KEYS, MOVE_KEYS } from './look-keys.ts';
import { PROCESS_KEYS } from './process-keys.ts';
import { FAULT_KEYS, WRITE_KEYS } from './write-keys.ts';

/** In the order in which they are shown. */
export const KEY_MAP: readonly KeyEntry[] = [
  ...MOVE_KEYS,
  ...PROCESS_KEYS,
  ...FAULT_KEYS,
  ...WRITE_KEYS,
  ...LOOK_KEYS,
];
