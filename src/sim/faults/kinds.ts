// Every kind of fault.

import { DISK_FAULTS } from './disk.ts';
import type { FaultKind } from './kind.ts';
import { MASTER_FAULTS } from './master.ts';
import { NETWORK_FAULTS } from './network.ts';
import { PROCESS_FAULTS } from './process.ts';

export const FAULT_KINDS: readonly FaultKind[] = [
  ...NETWORK_FAULTS,
  ...PROCESS_FAULTS,
  ...DISK_FAULTS,
  ...MASTER_FAULTS,
];
