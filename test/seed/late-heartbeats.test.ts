// Rule: a member is judged by the age of its last answer, and the first one after an outage ends
// it: also the answer to a heartbeat that was sent long ago.

import { afterAll, expect, test } from 'vitest';
import { Stage } from './stage.ts';

const stage = new Stage();
afterAll(() => stage.release());

/** Later than a member is given up. */
const LATE_MS = 8_000;

test('a member that answers each heartbeat late is heard with the first answer', async () => {
  const master = await stage.master();
  const n2 = await stage.join(master, 'n2');
  await n2.break({ delayMs: LATE_MS, heartbeat: true });
  const begun = performance.now();
  const is = (status: string): Promise<void> =>
    master.healthy(({ members }) => members[1].status === status, `n2 is ${status}`);
  await is('Suspected');
  expect((await master.health()).body.members[1].lastError).toBe('does not answer heartbeats');
  await is('Unhealthy');
  await is('Healthy');
  expect(performance.now() - begun).toBeLessThan(LATE_MS + 2_000);
});
