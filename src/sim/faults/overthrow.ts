// A master that is dead, stands still or is cut off until another node may have taken its place.

import { beginAll, cut } from './cuts.ts';
import type { FaultKind } from './kind.ts';
import { masterOf } from './master.ts';

export const OVERTHROW: FaultKind = {
  name: 'overthrow',
  says: 'the master is dead, stands still or is cut off for longer than its members wait',
  arbiterToo: false,
  // Drawn apart (src/sim/plan/drawn-failover.ts).
  suits: () => false,
  begin: (cluster, { amount, forMs, peer }, chance) => {
    const master = masterOf(cluster);
    if (master === null) return undefined;
    cluster.hit('overthrow');
    const awayMs = cluster.options.masterSilenceMs + forMs;
    const way = chance.pick(['kill', 'power', 'pause', 'alone', 'unheard', 'one friend'] as const);
    if (way === 'kill' || way === 'power') {
      cluster.crash(master, { power: way === 'power', severity: amount });
      cluster.startAfter(master, awayMs);
      return undefined;
    }
    const end = way === 'pause' ? cluster.pause(master) : beginAll(cluster, 'overthrow', cuts());
    cluster.later(awayMs, () => end?.());
    return end;

    /** Whom the master does not reach, and who does not reach it. */
    function cuts() {
      if (way === 'unheard') return [cut(master!, '*')];
      const others = cluster.nodes.map(({ id }) => id).filter((id) => id !== master);
      const lost = way === 'one friend' ? others.filter((id) => id !== peer) : ['*'];
      return lost.flatMap((id) => [cut(master!, id), cut(id, master!)]);
    }
  },
};
