// Bits that turn over in what a node has stored long ago, and are noticed by who reads it. Which
// clusters meet that is drawn apart (src/sim/drawn-rot.ts), with what else goes wrong then.

import { FILE_HEADER_BYTES, segmentName, segmentsAmong } from '../../persistence/segment-file.ts';
import { SUMMARY } from '../../persistence/summary.ts';
import type { Chance } from '../chance.ts';
import type { FakeDisk } from '../disk.ts';
import type { FaultKind } from './kind.ts';

/** The `amount` of a fault whose node goes on running. */
export const GOES_ON = 1;

export const ROT: FaultKind = {
  name: 'rot',
  says: 'a bit turns over in what a node has stored; its process ends and starts, or goes on',
  arbiterToo: false,
  suits: () => false,
  begin: (cluster, { node, forMs, amount }, chance) => {
    const site = cluster.site(node);
    if (site.disk === null) return undefined;
    const goesOn = amount === GOES_ON && site.host.up;
    if (!goesOn) cluster.crash(node, { power: false, severity: 0 });
    if ((goesOn || site.down) && turnOver(site.disk, chance)) {
      cluster.hit('rot');
      site.flipped = true;
    }
    if (!goesOn) cluster.startAfter(node, forMs);
    return undefined;
  },
};

/** How often, where there are summaries, it is in one of those. */
const SUMMARY_SHARE = 0.25;

/** In some record of some segment, or in what stands beside one; returns whether there is any. */
function turnOver(disk: FakeDisk, chance: Chance): boolean {
  const names = disk.names();
  const briefs = names.filter((name) => name.endsWith(SUMMARY));
  const segments = segmentsAmong(names).map(segmentName);
  const brief = briefs.length > 0 && chance.happens(SUMMARY_SHARE);
  const filled = (brief ? briefs : segments).filter(
    (name) => disk.content(name).length > FILE_HEADER_BYTES,
  );
  if (filled.length === 0) return false;
  const name = chance.pick(filled);
  const bytes = disk.content(name).length - FILE_HEADER_BYTES;
  disk.flip(name, (FILE_HEADER_BYTES + Math.floor(chance.next() * bytes)) * 8 + chance.whole(0, 7));
  return true;
}
