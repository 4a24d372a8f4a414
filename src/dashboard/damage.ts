// Damage that a node found in its log when it started: what its own output tells of it, and what
// is told of that as an event. The rule: only what the running process has said counts, so that
// damage that was mended in an earlier life is not shown again.

import type { Tone } from './cluster-state.ts';

export interface Damage {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  /** What is before the damage: up to this index. */
  readonly after: number;
  readonly state: 'mending' | 'mended';
}

/** What a process has said of its log since its start. */
export interface Finding {
  readonly pid: number;
  /** null: there was no damage, or nothing tells of it any more. */
  readonly damage: Damage | null;
}

type Event = Readonly<Record<string, unknown>> & { readonly event: string };

/** What stands in the lines of a node's output that the process with this pid has written; null:
 * it does not listen yet, before which it says nothing. */
export function findingIn(lines: readonly string[], pid: number): Finding | null {
  const events = lines.flatMap(eventIn);
  const start = events.findLastIndex(({ event }) => event === 'listening');
  // So much has been said since that the start is not kept any more.
  if (start === -1) return { pid, damage: null };
  if (events[start]?.pid !== pid) return null;
  return { pid, damage: events.slice(start).reduce(damageAfter, null) };
}

function damageAfter(damage: Damage | null, told: Event): Damage | null {
  const { event, file, offset, after } = told;
  if (event === 'damaged') {
    const place = { file: String(file), offset: Number(offset) };
    return { ...place, after: Number(after), state: 'mending' };
  }
  return damage !== null && event === 'repaired' ? { ...damage, state: 'mended' } : damage;
}

/** Events only: what a node says to its operator has a level, and may come before or after. */
function eventIn(line: string): Event[] {
  if (!line.startsWith('{"event":"')) return [];
  try {
    return [JSON.parse(line) as Event];
  } catch {
    // A line that was cut.
    return [];
  }
}

/** What is news of it. */
export function changesOfDamage(
  node: string,
  was: Damage | null,
  is: Damage | null,
): { readonly text: string; readonly tone: Tone }[] {
  if (is === null || is.state === was?.state) return [];
  const { file, offset, after } = is;
  if (is.state === 'mended' && was !== null) {
    return [{ text: `${node} has again what damage took from it`, tone: 'good' }];
  }
  const place = `(${file}, byte ${offset})`;
  if (is.state === 'mended') {
    const how = `and has mended it from #${after + 1} on`;
    return [{ text: `${node} found damage at its start, ${how} ${place}`, tone: 'warn' }];
  }
  const how = `it has up to #${after} and fetches the rest`;
  return [{ text: `${node} found damage at its start: ${how} ${place}`, tone: 'bad' }];
}
