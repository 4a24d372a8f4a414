// Mistakes about who is a member, who is master, and links that must come back to life.

import { type Plant, plant } from './plant.ts';

export const MEMBERSHIP_PLANTS: readonly Plant[] = [
  plant(
    'a new master fetches nothing',
    'B41',
    'src/core/recovery/recovery.ts',
    'else if (best !== null) this.fetch(best);',
    '',
  ),
  plant(
    'a new master hears nobody',
    'B41',
    'src/core/recovery/hearing.ts',
    'if (members.length + 1 < this.assembly.size() && now < this.strangersUntil) return false;',
    'return true;',
  ),
  plant(
    'a new master hears only those that it has met',
    'B41',
    'src/core/recovery/hearing.ts',
    'return this.first ? 0 : this.assembly.size();',
    'return 0;',
  ),
  plant(
    'a majority is one of the configured size, though more have joined',
    'B36',
    'src/core/master/quorum.ts',
    'return Math.max(configured ?? 0, members);',
    'return configured ?? members;',
  ),
  plant(
    'what was acknowledged before its node was heard counts for its next life',
    'B37',
    'src/core/members/member.ts',
    'const wasted = this.replicator !== null && this.blind && own;',
    'const wasted = false;',
  ),
  plant(
    'the arbiter answers before it remembers',
    'B32',
    'src/core/arbiter/arbiter-node.ts',
    'else this.changed(() => this.outbox.respond(ticket, response));',
    'else { this.outbox.respond(ticket, response); this.changed(() => {}); }',
  ),
  plant(
    'a master that restarts keeps its epoch',
    'B36',
    'src/core/arbiter/arbiter.ts',
    'if ((appointed && anew) || forgotten || ahead) this.raise(request.epoch);',
    'if (this.master === null || forgotten || ahead) this.raise(request.epoch);',
  ),
  plant(
    'an arbiter that has lost its folder begins a new cluster',
    'B45',
    'src/core/arbiter/cluster-identity.ts',
    'if (size === null) {',
    'if (size !== 0) {',
  ),
  plant(
    'the master leads before its epoch is durable',
    'B32',
    'src/core/bookkeeping.ts',
    "this.outbox.push({ type: 'Remember', id: this.lastId, memory: this.memory });",
    "this.outbox.push({ type: 'Remember', id: this.lastId, memory: this.memory });\n" +
      '    this.remembered(this.lastId);',
  ),
  plant(
    'a secondary acknowledges before it is durable which epoch it has accepted',
    'B32',
    'src/core/secondary/secondary.ts',
    'if (session === null || this.acceptance.durable < session.epoch) return;',
    'if (session === null) return;',
  ),
  plant(
    'nothing goes to a node that was Unhealthy once',
    'B40',
    'src/core/members/replicator.ts',
    'wake(now: number): void {\n    this.suspended = false;',
    'wake(now: number): void {',
  ),
  plant(
    'a node that rejoins misses what is appended before it first acknowledges',
    'B39',
    'src/core/members/replicator.ts',
    'this.asking = false;\n    this.error = null;',
    'if (this.asking) this.nextIndex = logIndex(this.context.ledger.log.lastIndex + 1);\n' +
      '    this.asking = false;\n    this.error = null;',
  ),
  plant(
    'the wall clock decides when a write has waited long enough',
    'B53',
    'src/core/master/writers.ts',
    'const deadline = (write.arrivedAt ?? now) +',
    'const deadline = Date.parse(write.at) - Date.UTC(2026, 0, 1) +',
  ),
  plant(
    'a lost Snapshot is never sent again',
    'B40',
    'src/core/members/resending.ts',
    'if (this.flight.head === sent) this.schedule(sent);',
    '',
  ),
  plant(
    'a Persist that failed is never asked for again',
    'B30',
    'src/core/log/persister.ts',
    'if (now < persist.retryAt) continue;',
    'if (now < persist.retryAt || persist.late) continue;',
  ),
];
