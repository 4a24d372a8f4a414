// One fault per demo: the smallest change of the sources that breaks the guarantee which the demo
// shows. Each is a mistake that a first version of such a system might well contain.

import type { Patch } from './mutant.ts';

export interface PlantedFault {
  readonly demo: string;
  /** What is broken. */
  readonly fault: string;
  readonly patches: readonly Patch[];
}

const patch = (file: string, search: string, replace: string): Patch => ({ file, search, replace });

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    demo: 'blocking',
    fault: 'the master answers when it has the message itself',
    patches: [
      patch(
        'src/core/master/write-concern.ts',
        'return Math.min(own, reachedBy([...positions.values()], needed)) as LogIndex;',
        'void needed; return own;',
      ),
    ],
  },
  {
    demo: 'write-concern',
    fault: 'one acknowledgement too few is enough',
    patches: [
      patch(
        'src/core/master/write-concern.ts',
        '(line.w as number);',
        'Math.max(1, (line.w as number) - 1);',
      ),
    ],
  },
  {
    demo: 'eventual-consistency',
    fault: 'a secondary takes what arrives together in the wrong order',
    patches: [
      patch(
        'src/core/secondary/secondary.ts',
        'ledger.append(part.entries, message.holes);',
        `ledger.append(part.entries.map((entry, i, all) => {
          const { op, message, key, value } = all[all.length - 1 - i];
          return { ...entry, op, message, key, value };
        }), message.holes);`,
      ),
    ],
  },
  {
    demo: 'retry-and-catch-up',
    fault: 'nothing is sent twice',
    patches: [
      patch(
        'src/core/members/resending.ts',
        'sent.resendAt = sent.lastSentAt + gapMs;',
        'sent.resendAt = sent.lastSentAt + gapMs + 1e9;',
      ),
    ],
  },
  {
    demo: 'blocked-client-blocks-nobody',
    fault: 'all clients stand in one line',
    patches: [patch('src/core/master/write-concern.ts', ': String(waiter.w);', ": 'one line';")],
  },
  {
    demo: 'deduplication',
    fault: 'idempotency keys are never found again',
    patches: [
      patch('src/core/log/deduplication.ts', 'return this.known.find(key);', 'return undefined;'),
    ],
  },
  {
    demo: 'total-order',
    fault: 'a secondary takes what comes too early',
    patches: [
      patch(
        'src/core/secondary/secondary.ts',
        'if (message.seq > expected) return',
        'if (false) return',
      ),
      patch(
        'src/core/secondary/snapshot-check.ts',
        'if (differs || prev.index > log.lastIndex) {',
        'if (false) {',
      ),
    ],
  },
  {
    demo: 'heartbeats',
    fault: 'less than a second of silence makes a node suspected',
    patches: [patch('src/core/options.ts', 'suspectedAfterMs: 1_500,', 'suspectedAfterMs: 900,')],
  },
  {
    demo: 'smart-retries',
    fault: 'the gaps between copies do not grow',
    patches: [
      patch(
        'src/core/options.ts',
        'resendGapsMs: [100, 100, 200, 400, 800, 1_600, 2_000],',
        'resendGapsMs: [100],',
      ),
    ],
  },
  {
    demo: 'quorum',
    fault: 'writes are taken without a quorum',
    patches: [
      patch('src/core/master/admission.ts', 'if (quorum.alive < quorum.needed) {', 'if (false) {'),
    ],
  },
  {
    demo: 'failover',
    fault: 'one more than a majority has to miss the master',
    patches: [
      patch(
        'src/core/arbiter/succession.ts',
        'if (nodes.length < majority(size)) return false;',
        'if (nodes.length <= majority(size)) return false;',
      ),
    ],
  },
  {
    demo: 'crash-durability',
    fault: 'a write is called durable half a second before it reaches the disk',
    patches: [
      patch(
        'src/persistence/disk/real-disk.ts',
        'const taken = await this.writeOnce(buffers, position);',
        `const copies = buffers.map((buffer) => Buffer.from(buffer));
         setTimeout(() => this.writeOnce(copies, position).catch(() => {}), 500);
         const taken = buffers.reduce((sum, { length }) => sum + length, 0);`,
      ),
    ],
  },
  {
    demo: 'restart-empty',
    fault: 'a new life of a node is taken for the old one',
    patches: [
      patch(
        'src/core/members/member.ts',
        'const changed = this.incarnation !== null && this.incarnation !== ack.incarnation;',
        'const changed = false;',
      ),
    ],
  },
  {
    demo: 'kv-guarantees',
    fault: 'a read leaves out the newest operation',
    patches: [
      patch(
        'src/core/log/store.ts',
        'const limit = Math.max(upTo, this.commitIndex);',
        'const limit = Math.max(upTo, this.commitIndex) - 1;',
      ),
    ],
  },
  {
    demo: 'kv-flaky-persistence',
    fault: 'a secondary acknowledges what it has not persisted',
    patches: [
      patch(
        'src/core/secondary/secondary.ts',
        'const { persistedIndex } = ledger.persister;',
        'const persistedIndex = ledger.log.lastIndex;',
      ),
    ],
  },
  {
    demo: 'kv-lossy-links',
    fault: 'a copy of what was taken before is not acknowledged',
    patches: [
      patch(
        'src/core/secondary/secondary.ts',
        'const part = newPart(message, expected, ledger, agreed);',
        `if (message.updates.length > 0 && message.seq + message.updates.length <= expected) {
          return { type: 'Refused', code: 'overloaded' };
        }
        const part = newPart(message, expected, ledger, agreed);`,
      ),
    ],
  },
  {
    demo: 'kv-join-and-leave',
    fault: 'a node that has left is still waited for',
    patches: [
      patch(
        'src/core/master/write-concern.ts',
        'for (const line of this.lines.values()) line.members?.delete(node);',
        'void node;',
      ),
    ],
  },
  {
    demo: 'operation-failed',
    fault: 'the client is told too early',
    patches: [
      patch(
        'src/node/routes/key-value.ts',
        'const DEFAULT_TIMEOUT_MS = 1_000;',
        // A busy machine adds to it; half of it is seen all the same.
        'const DEFAULT_TIMEOUT_MS = 500;',
      ),
    ],
  },
];
