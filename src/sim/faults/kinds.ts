// Every kind of fault.

import { AHEAD } from './ahead.ts';
import { ALONE } from './alone.ts';
import { DISK_FAULTS } from './disk.ts';
import type { FaultKind } from './kind.ts';
import { NETWORK_FAULTS } from './network.ts';
import { OVERTHROW } from './overthrow.ts';
import { PROCESS_FAULTS } from './process.ts';
import { ROT_FAULTS } from './rot.ts';

export const FAULT_KINDS: readonly FaultKind[] = [
  ...NETWORK_FAULTS,
  ...PROCESS_FAULTS,
  ...DISK_FAULTS,
  AHEAD,
  ALONE,
  OVERTHROW,
  ...ROT_FAULTS,
];
