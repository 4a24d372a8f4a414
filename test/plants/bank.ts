// All planted bugs.

import { ACKNOWLEDGEMENT_PLANTS } from './acknowledgement-plants.ts';
import { DAMAGE_PLANTS } from './damage-plants.ts';
import { FAILOVER_PLANTS } from './failover-plants.ts';
import { HEALTH_PLANTS } from './health-plants.ts';
import { MEMBERSHIP_PLANTS } from './membership-plants.ts';
import { ORDER_PLANTS } from './order-plants.ts';
import type { Plant } from './plant.ts';
import { STORAGE_PLANTS } from './storage-plants.ts';

export const BANK: readonly Plant[] = [
  ...ACKNOWLEDGEMENT_PLANTS,
  ...ORDER_PLANTS,
  ...STORAGE_PLANTS,
  ...DAMAGE_PLANTS,
  ...MEMBERSHIP_PLANTS,
  ...FAILOVER_PLANTS,
  ...HEALTH_PLANTS,
];
