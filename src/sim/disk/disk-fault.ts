// What can go wrong with a call to the fake disk, and who decides that it does. The rule: a fault
// source is a function of the call, so that the same calls always meet the same faults.

import type { OpenMode } from '../../persistence/disk/disk.ts';
import type { Leftover } from './leftover.ts';

export type DiskCallKind =
  | 'open'
  | 'write'
  | 'read'
  | 'readNow'
  | 'size'
  | 'truncate'
  | 'sync'
  | 'close'
  | 'makeFolder'
  | 'list'
  | 'rename'
  | 'remove'
  | 'syncFolder';

/** One call to the disk. */
export interface DiskCall {
  /** Counted from 1. */
  readonly number: number;
  readonly kind: DiskCallKind;
  /** Name of the file; empty if the call is about the folder. */
  readonly path: string;
  readonly mode: OpenMode | null;
  /** Of a read or write. */
  readonly bytes: number;
}

/**
 * - `fail`: the call fails with `code`. A write leaves `leftover` (`half` if not said). Any other
 *   call does nothing, and a sync makes nothing durable; but where `leftover` is `all` it is done,
 *   and only its answer is wrong, as happens on network file systems.
 * - `power`: the power goes in the middle of the call; the write's `leftover` stays.
 * - `short`: a read or write ends early.
 * - `flip`: one bit of what is read or written is turned over; nobody is told.
 * - `slow`: the call takes so much longer.
 * - `hang`: the call is never answered.
 */
export type DiskFault =
  | { readonly kind: 'fail'; readonly code: string; readonly leftover?: FaultLeftover }
  | { readonly kind: 'power'; readonly leftover?: FaultLeftover }
  | { readonly kind: 'short' }
  | { readonly kind: 'flip' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'hang' };

/**
 * What a write leaves, durably; or, until the power goes, for readers only: `cached`: all of it,
 * durable after a sync; `lost`: all of it, and no sync helps, though none fails (as with Linux,
 * which forgets what it could not write).
 */
export type FaultLeftover = Leftover | 'cached' | 'lost';

/** Decides about each call as it comes. */
export type FaultSource = (call: DiskCall) => DiskFault | null;

/** One failure, or a few in a row, at a call that is known by its number. */
export interface DiskPlan {
  /** The call that fails, counted from 1. */
  readonly at: number;
  readonly fault: 'EIO' | 'ENOSPC' | 'short' | 'power' | 'hang';
  readonly leftover?: FaultLeftover;
  /** How many calls fail, this one included; 1 if not said. */
  readonly times?: number;
}

/** Whether a full disk refuses the call. */
function needsRoom({ kind, mode }: DiskCall): boolean {
  return kind === 'write' || kind === 'rename' || (kind === 'open' && mode !== 'read');
}

export function planned(plan: DiskPlan): FaultSource {
  const { at, fault, times = 1 } = plan;
  const leftover = plan.leftover ?? 'half';
  return (call) => {
    if (call.number < at || call.number >= at + times) return null;
    if (fault === 'ENOSPC' && !needsRoom(call)) return null;
    if (fault === 'EIO' || fault === 'ENOSPC') return { kind: 'fail', code: fault, leftover };
    return fault === 'power' ? { kind: 'power', leftover } : { kind: fault };
  };
}

/** Probabilities, each between 0 and 1, of what befalls a call that it can befall. */
export interface FaultRates {
  readonly fail?: number;
  readonly full?: number;
  readonly short?: number;
  readonly flip?: number;
  readonly slow?: number;
  /** The longest that a slow call takes, in milliseconds; 1,000 if not said. */
  readonly slowMs?: number;
  readonly hang?: number;
}

const LEFTOVERS = ['nothing', 'half', 'zeros', 'all', 'prefix', 'sectors', 'lost'] as const;

/** Faults by chance; `random` is uniform in [0, 1). */
export function byChance(rates: FaultRates, random: () => number): FaultSource {
  const strikes = (rate: number | undefined): boolean => (rate ?? 0) > 0 && random() < (rate ?? 0);
  const leftover = () => LEFTOVERS[Math.floor(random() * LEFTOVERS.length)]!;
  return (call) => {
    const moves = call.kind === 'read' || call.kind === 'write';
    if (strikes(rates.fail)) return { kind: 'fail', code: 'EIO', leftover: leftover() };
    if (needsRoom(call) && strikes(rates.full)) {
      return { kind: 'fail', code: 'ENOSPC', leftover: 'prefix' };
    }
    if (moves && strikes(rates.short)) return { kind: 'short' };
    if (moves && strikes(rates.flip)) return { kind: 'flip' };
    if (strikes(rates.slow)) return { kind: 'slow', ms: random() * (rates.slowMs ?? 1_000) };
    return strikes(rates.hang) ? { kind: 'hang' } : null;
  };
}
