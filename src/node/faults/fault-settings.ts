// What `PUT /faults` takes (contract, section 8). Every field is optional; absent means "no such
// fault".

import * as z from 'zod';

/** Long enough for any demonstration, and far from where a timer of Node overflows. */
const DELAY_MAX_MS = 600_000;

const probability = z.number().min(0).max(1);
const delay = z.int().min(0).max(DELAY_MAX_MS);
const range = z
  .strictObject({ min: delay, max: delay })
  .refine(({ min, max }) => min <= max, { error: 'min must not be above max' });

const persist = z.strictObject({
  fail: probability
    .exactOptional()
    .meta({ description: 'A request throws with this probability.' }),
  swallow: z
    .int()
    .min(0)
    .exactOptional()
    .meta({ description: 'Of every k+1 requests, k are lost without a word.' }),
  stuck: z.boolean().exactOptional().meta({ description: 'No request is answered until lifted.' }),
  delayMs: delay.exactOptional().meta({ description: 'Requests are answered this much later.' }),
});

export const faultSettings = z.strictObject({
  delayMs: z
    .union([delay, range], { error: 'must be milliseconds, or {min, max} of them' })
    .exactOptional()
    .meta({ description: 'Before a request is handled.' }),
  errorBefore: probability.exactOptional().meta({ description: '500 without applying.' }),
  errorAfter: probability.exactOptional().meta({ description: 'Applied, then 500.' }),
  dropRequest: probability.exactOptional().meta({ description: 'Neither applied nor answered.' }),
  dropReply: probability.exactOptional().meta({ description: 'Applied, never answered.' }),
  hold: z
    .boolean()
    .exactOptional()
    .meta({ description: 'Everything waits until this is lifted, then goes through.' }),
  heartbeat: z
    .boolean()
    .exactOptional()
    .meta({ description: 'Heartbeats are affected too. Default false.' }),
  persist: persist.exactOptional(),
  times: z
    .int()
    .min(0)
    .exactOptional()
    .meta({ description: 'Only the next n requests, 0: none at all; persistence is not counted.' }),
  seed: z.int().exactOptional().meta({ description: 'Makes the random sequence a fixed one.' }),
});

export type FaultSettings = z.infer<typeof faultSettings>;

/** How often each fault has struck since the settings were last replaced. */
export interface Hits {
  delay: number;
  errorBefore: number;
  errorAfter: number;
  dropRequest: number;
  dropReply: number;
  hold: number;
  persist: number;
}

export const hits = z.strictObject({
  delay: z.int(),
  errorBefore: z.int(),
  errorAfter: z.int(),
  dropRequest: z.int(),
  dropReply: z.int(),
  hold: z.int(),
  persist: z.int(),
});
