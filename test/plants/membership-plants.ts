// Mistakes about who is a member, who is master, and links that must come back to life.

import { type Plant, plant } from './plant.ts';

export const MEMBERSHIP_PLANTS: readonly Plant[] = [
  plant(
    'a node with an empty disk inherits what its last life acknowledged',
    'B37',
    'src/core/member.ts',
    'const changed = this.incarnation !== null && this.incarnation !== ack.incarnation;',
    'const changed = false;',
  ),
  plant(
    'a new master fetches nothing',
    'B41',
    'src/core/recovery.ts',
    'if (best === null) this.finish();',
    'if (best === null || true) this.finish();',
  ),
  plant(
    'a new master hears nobody',
    'B41',
    'src/core/recovery.ts',
    'if (this.done || this.fetching || !this.enough(now)) return;',
    'if (this.done || this.fetching) return;',
  ),
  plant(
    'a master fetches what an older master left behind',
    'B38',
    'src/core/recovery.ts',
    'if (candidate.acceptedEpoch < ledger.log.lastEpoch) continue;',
    '',
  ),
  plant(
    'the arbiter answers before it remembers',
    'B32',
    'src/core/arbiter-node.ts',
    'else this.changed(() => this.outbox.respond(ticket, response));',
    'else { this.outbox.respond(ticket, response); this.changed(() => {}); }',
  ),
  plant(
    'a master that restarts keeps its epoch',
    'B36',
    'src/core/arbiter.ts',
    'if ((appointed && anew) || forgotten || ahead) this.raise(request.epoch);',
    'if (this.master === null || forgotten || ahead) this.raise(request.epoch);',
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
    'a deposed master goes on',
    'B36',
    'src/core/replica.ts',
    'if (this.deposedBy !== null) this.stepDown(this.deposedBy);',
    '',
  ),
  plant(
    'nothing goes to a node that was Unhealthy once',
    'B40',
    'src/core/replicator.ts',
    'wake(now: number): void {\n    this.suspended = false;',
    'wake(now: number): void {',
  ),
  plant(
    'an acknowledgement does not wake what is behind it',
    'B40',
    'src/core/replicator.ts',
    'this.expectNext(sent, now);\n    this.owner.acknowledged',
    'this.owner.acknowledged',
  ),
  plant(
    'a lost Snapshot is never sent again',
    'B40',
    'src/core/replicator.ts',
    'if (this.flight.head === sent) this.schedule(sent);',
    '',
  ),
  plant(
    'a Persist that failed is never asked for again',
    'B30',
    'src/core/persister.ts',
    'if (now < persist.retryAt) continue;',
    'if (now < persist.retryAt || persist.late) continue;',
  ),
  plant(
    'operations that come while a node catches up are not sent',
    'B39',
    'src/core/replicator.ts',
    'const more = this.nextIndex <= log.lastIndex;',
    'const more = false;\n    if (this.flight.size > 1) this.nextIndex = logIndex(log.lastIndex + 1);',
  ),
  plant(
    'a node that left is still told to be a member',
    'B46',
    'src/core/membership.ts',
    'if (peer === undefined) this.left(node);',
    'if (peer === undefined) this.byNode.set(node, member);',
  ),
];
