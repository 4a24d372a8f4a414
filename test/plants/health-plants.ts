// Mistakes about how a member is, and about how often it is asked again.

import { type Plant, plant } from './plant.ts';

export const HEALTH_PLANTS: readonly Plant[] = [
  plant(
    'one late answer to a heartbeat makes a member Suspected',
    'B55',
    'src/core/options.ts',
    'suspectedAfterMs: 1_500,',
    'suspectedAfterMs: 500,',
  ),
  plant(
    'who is Suspected is Unhealthy soon after',
    'B42',
    'src/core/options.ts',
    'unhealthyAfterMs: 4_000,',
    'unhealthyAfterMs: 2_000,',
  ),
  plant(
    'a master that stood still takes that for silence of its members',
    'B54',
    'src/core/members/member.ts',
    'this.detector.excuse(gapMs, now);',
    '',
  ),
  plant(
    'a member that answers and takes nothing is Healthy',
    'B56',
    'src/core/members/failure-detector.ts',
    'if (this.silent(now) || stalled)',
    'if (this.silent(now))',
  ),
  plant(
    'a member that answers again stays Unhealthy',
    'B56',
    'src/core/members/failure-detector.ts',
    "if (now >= this.heardAt + this.options.unhealthyAfterMs) return 'Unhealthy';",
    "if (this.status === 'Unhealthy' || now >= this.heardAt + 4_000) return 'Unhealthy';",
  ),
  plant(
    'a copy goes every 100 ms for ever',
    'B48',
    'src/core/members/backoff.ts',
    'schedule[Math.min(copies, schedule.length) - 1]!',
    'schedule[0]!',
  ),
];
