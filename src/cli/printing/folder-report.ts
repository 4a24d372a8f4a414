// What a node's folder holds, in lines for people.

import type { Lost } from '../../core/effects.ts';
import type { FolderCheck, FoundDamage } from '../../persistence/damage/verify.ts';
import type { NodeFolder } from '../arguments/data-dir.ts';
import { formatBytes } from './bytes.ts';
import { counted, entryRange } from './counted.ts';

/** Lines about one folder: the verdict, the contents, and what is wrong. Not yet cleaned. */
export function folderLines({ node, path }: NodeFolder, check: FolderCheck): string[] {
  const { damage, forgotten, lost, tornBytes, setAside } = check;
  const lines = [`${node}  ${damage === null ? 'whole' : 'DAMAGED'}  ${path}`, ...contents(check)];
  if (tornBytes > 0) {
    lines.push(`    ${tornBytes} bytes of an interrupted write at the end: no damage`);
  }
  if (damage !== null) lines.push(...damageLines(damage, check.lastIndex));
  if (forgotten !== null && forgotten !== damage) lines.push(...damageLines(forgotten, 0));
  if (lost !== null) lines.push(lostLine(lost, check.lastIndex));
  if (setAside.length > 0) lines.push(`    set aside: ${setAside.join(' ')}`);
  return lines;
}

function contents(check: FolderCheck): string[] {
  const { segments, bytes, entries, firstIndex, lastIndex, epochs } = check;
  const range = entryRange(entries, firstIndex, lastIndex);
  const runs = epochs.map(({ epoch, first }) => `${epoch} from ${first}`).join(', ');
  return [
    `    ${range}; ${counted(segments, 'segment', 'segments')}, ${formatBytes(bytes)}`,
    `    ${counted(check.messages, 'message', 'messages')}, ${counted(check.keys, 'key', 'keys')}, ` +
      counted(check.idempotencyKeys, 'idempotency key', 'idempotency keys') +
      `${runs === '' ? '' : `; epochs: ${runs}`}`,
  ];
}

/** Made anew, the bookkeeping names no entry beyond the log: then there is none to wait for. */
function lostLine({ open, upTo }: Lost, lastIndex: number): string {
  if (upTo <= lastIndex) {
    return '    damage took something from it: it counts for no majority until it has caught up';
  }
  const end = open ? `${upTo} at least` : `${upTo}`;
  return `    waits for entries that damage took, up to ${end}: it fetches from the others`;
}

function damageLines({ what, remains }: FoundDamage, lastIndex: number): string[] {
  const lines = [`    damage: ${what}`];
  if (remains === null) return lines;
  const { readable, upTo, open } = remains;
  const until = open ? 'an end that cannot be read' : `entry ${upTo}`;
  lines.push(
    `    whole up to entry ${lastIndex}; behind that the log went on to ${until}: ` +
      `${readable} entries can still be read there`,
  );
  return lines;
}
