// What happens to processes and the machines they run on.

import { cut } from './cuts.ts';
import { always, type FaultKind } from './kind.ts';
import { inNextWrite } from './mid-write.ts';

const HOUR_MS = 3_600_000;

/** A machine starts again after this long at least. */
const DOWN_MS = 20;

export const PROCESS_FAULTS: readonly FaultKind[] = [
  {
    name: 'kill',
    says: 'a process is killed, and started again',
    arbiterToo: true,
    suits: always,
    begin: (cluster, { node, forMs, amount }) => {
      cluster.crash(node, { power: false, severity: amount });
      cluster.startAfter(node, DOWN_MS + forMs);
      return undefined;
    },
  },
  {
    name: 'power',
    says: 'a machine loses power: what was not synced is lost, or torn',
    arbiterToo: true,
    suits: always,
    begin: (cluster, { node, forMs, amount }) => {
      cluster.crash(node, { power: true, severity: amount });
      cluster.startAfter(node, DOWN_MS + forMs);
      return undefined;
    },
  },
  {
    name: 'twice',
    says: 'a process is killed, and soon after its start the machine loses power',
    arbiterToo: true,
    suits: always,
    begin: (cluster, { node, forMs, amount }, chance) => {
      cluster.hit('twice');
      const kill = (severity: number): void => {
        cluster.crash(node, { power: false, severity });
        cluster.startAfter(node, DOWN_MS);
        cluster.later(DOWN_MS + amount * 100, () => {
          cluster.crash(node, { power: true, severity: 1 });
          cluster.startAfter(node, DOWN_MS + forMs);
        });
      };
      if (chance.happens(0.5)) return inNextWrite(cluster, node, 'twice', () => kill(1));
      kill(amount);
      return undefined;
    },
  },
  {
    name: 'mid-write',
    says: 'a machine loses power while it writes to its log; later the process is killed as well',
    arbiterToo: false,
    suits: ({ nodes }) => nodes.some(({ durable }) => durable),
    begin: (cluster, { node, forMs, amount }, chance) => {
      // Cut off, so that nobody has what the write loses.
      const { weather } = cluster.network;
      const alone = chance.happens(0.6);
      const reunite = alone ? weather.begin('mid-write', cut(node, '*')) : () => {};
      const giveUp = inNextWrite(cluster, node, 'mid-write', () => {
        cluster.crash(node, { power: true, severity: 1 });
        cluster.startAfter(node, DOWN_MS);
        cluster.later(DOWN_MS + 100 + Math.min(forMs, 1_000), () => {
          cluster.crash(node, { power: false, severity: amount });
          cluster.startAfter(node, DOWN_MS);
        });
        reunite();
      });
      return () => {
        giveUp();
        reunite();
      };
    },
  },
  {
    name: 'restart',
    says: 'a process is told to end, and started again',
    arbiterToo: false,
    suits: always,
    begin: (cluster, { node, forMs }) => {
      cluster.stop(node, DOWN_MS + forMs);
      return undefined;
    },
  },
  {
    name: 'pause',
    says: 'a process stands still; its timers are late when it goes on',
    arbiterToo: true,
    suits: always,
    begin: (cluster, { node }) => cluster.pause(node),
  },
  {
    name: 'late-timers',
    says: 'timers of a process fire late',
    arbiterToo: true,
    suits: always,
    begin: (cluster, { node, amount }, chance) => {
      return cluster.delayTimers(node, () => chance.next() * amount * 400);
    },
  },
  {
    name: 'clock-jump',
    says: 'the wall clock of a machine jumps by hours',
    arbiterToo: false,
    suits: always,
    begin: (cluster, { node, amount }, chance) => {
      cluster.jumpClock(node, (chance.happens(0.5) ? 1 : -1) * amount * 10 * HOUR_MS);
      return undefined;
    },
  },
  {
    name: 'wipe',
    says: 'a machine is lost with its disk; an empty one takes its place and its name',
    arbiterToo: false,
    suits: ({ nodes, arbiter }) => arbiter === 'own' && nodes.length > 1,
    begin: (cluster, { node, forMs }) => {
      if (cluster.roster.forgotten && !cluster.roster.mostRemember(node)) return undefined;
      cluster.crash(node, { power: true, severity: 1 });
      cluster.wipe(node);
      cluster.startAfter(node, DOWN_MS + forMs);
      return undefined;
    },
  },
  {
    name: 'leave',
    says: 'a node leaves the cluster; started again later, it joins',
    arbiterToo: false,
    suits: ({ nodes, arbiter }) => arbiter === 'own' && nodes.length > 2,
    begin: (cluster, { node, forMs }) => {
      cluster.roster.leave(node, () => cluster.startAfter(node, forMs));
      return undefined;
    },
  },
  {
    name: 'expel',
    says: 'a node is killed, and removed while it is dead; started again later, it joins',
    arbiterToo: false,
    // Drawn apart (src/sim/plan/drawn-expulsion.ts).
    suits: () => false,
    begin: (cluster, { node, forMs }) => {
      if (cluster.roster.expel(node)) cluster.startAfter(node, DOWN_MS + forMs);
      return undefined;
    },
  },
  {
    name: 'join',
    says: 'a node that was never there joins the cluster',
    arbiterToo: false,
    suits: ({ nodes }) => nodes.length < 5,
    begin: (cluster) => {
      cluster.roster.add();
      return undefined;
    },
  },
  {
    name: 'forget',
    says: 'the arbiter forgets all, as one in memory or with an empty disk; others may lead',
    arbiterToo: true,
    // Where a node forgets as well, epochs may begin anew, and one number names two of them.
    suits: ({ nodes, arbiter, size }) =>
      arbiter === 'own' && size !== null && nodes.length > 1 && nodes.every((one) => one.durable),
    begin: (cluster, { node, forMs, amount }) => {
      // A second time would leave a master behind whom no arbiter and no secondary knows.
      if (cluster.site('arbiter').wiped) return undefined;
      // Those who have left would be new ones to it when they come back.
      if (cluster.nodes.some(({ left }) => left)) return undefined;
      if (!cluster.roster.mostRemember()) return undefined;
      cluster.crash('arbiter', { power: true, severity: 1 });
      cluster.wipe('arbiter', 'forget');
      cluster.startAfter('arbiter', DOWN_MS);
      // Whoever starts next leads.
      cluster.crash(node, { power: false, severity: amount });
      cluster.startAfter(node, DOWN_MS + forMs);
      return undefined;
    },
  },
];
