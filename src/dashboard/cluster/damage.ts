// Damage that a node found in its log when it started, or met since: what is told of it as an
// event. The rule: it is told once for each start, once when the node has again what was lost, and
// once when it has met some.

import type { FoundDamage } from '../../client/answers.ts';
import type { News } from './cluster-state.ts';

/** What is news of it; absent: none was found. */
export function changesOfDamage(
  node: string,
  was: FoundDamage | undefined,
  is: FoundDamage | undefined,
): News[] {
  if (is === undefined) return [];
  const { file, offset, after, foundAt, mendedAt, running } = is;
  const isKnown = was?.foundAt === foundAt;
  if (isKnown && was.mendedAt === mendedAt) return [];
  if (isKnown) return [{ text: `${node} has again what damage took from it`, tone: 'good' }];
  const place = `(${file}, byte ${offset})`;
  if (running) {
    const how = 'what is there cannot be read until it is restarted';
    return [{ text: `${node} met damage: ${how} ${place}`, tone: 'bad' }];
  }
  if (mendedAt !== null) {
    const how = `and has mended it from #${after + 1} on`;
    return [{ text: `${node} found damage at its start, ${how} ${place}`, tone: 'warn' }];
  }
  const how = `it has up to #${after} and fetches the rest`;
  return [{ text: `${node} found damage at its start: ${how} ${place}`, tone: 'bad' }];
}
