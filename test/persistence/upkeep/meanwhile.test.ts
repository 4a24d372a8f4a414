// What comes one behind the other while upkeep is at work, at every moment of it: two cuts, a cut
// and the end of the process, segments that fill. The rule: nothing that was cut off comes back,
// and of the rest nothing goes but what is superseded.

import { describe, expect, it } from 'vitest';
import { StorageFailure } from '../../../src/persistence/persistence.ts';
import type { FakeDisk } from '../../../src/sim/disk/disk.ts';
import { entriesOf } from '../folded-log.ts';
import { KeptRun } from '../kept-run.ts';
import type { Ledger } from '../ledger.ts';
import { Machine, SMALL } from '../machine.ts';
import { keyed } from '../request-runs.ts';

/** Every so many moments of it, another one for each act. */
const STEP = 5;

const OPTIONS = { ...SMALL, outlineBytes: 400 };

/** Higher than any before it: epochs never fall along a log. */
const LAST_EPOCH = 1_000;

const later = (_: number, run: () => void): void => {
  setImmediate(run);
};

const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** What happens in the midst of upkeep. `true`: and it ended the process. */
type Act = (run: KeptRun, length: number) => Promise<boolean>;

interface Beginning {
  readonly disk: FakeDisk;
  readonly ledger: Ledger;
  readonly length: number;
}

async function beginning(): Promise<Beginning> {
  const machine = new Machine(OPTIONS, { later });
  const run = new KeptRun(machine);
  await run.start();
  for (const entries of entriesOf(keyed(40))) {
    run.take(entries);
    await run.persist();
  }
  const length = Number(run.log.lastIndex);
  await run.log.close();
  return { disk: machine.disk, ledger: run.ledger, length };
}

const twoCuts =
  (apart: number, ...back: readonly number[]): Act =>
  async (run, length) => {
    for (const [nth, more] of back.entries()) {
      await run.cut(Math.min(Math.max(length - more, 0), Number(run.log.lastIndex)));
      run.put(2, 4 + nth);
      await turns(apart);
    }
    await run.persist();
    return false;
  };

const closing = async (run: KeptRun): Promise<true> => {
  await run.log.close();
  return true;
};

const ACTS: readonly [string, Act][] = [
  ['two cuts, the second one goes further', twoCuts(0, 5, 20)],
  ['two cuts, the second one comes when the first is under way', twoCuts(7, 3, 25)],
  ['two cuts, the second one takes only what came between', twoCuts(2, 20, 19)],
  ['three cuts to the very beginning', twoCuts(3, 1, 15, 999)],
  ['the end of the process', (run) => closing(run)],
  [
    'a cut and the end of the process',
    async (run, length) => {
      await run.cut(length - 15);
      return closing(run);
    },
  ],
  [
    'a cut, the end of the process before it is done, and what came behind it',
    async (run, length) => {
      await run.cut(length - 20);
      run.put(3, 4);
      await turns(4);
      return closing(run);
    },
  ],
  [
    'segments that fill one after the other',
    async (run) => {
      for (let n = 0; n < 4; n += 1) {
        run.put(9, 4);
        await run.persist();
      }
      return false;
    },
  ],
];

/** Upkeep, in whose midst that happens; returns whether it was over before. */
async function life(from: Beginning, act: Act, moment: number, power: boolean): Promise<boolean> {
  const disk = from.disk.copy({ later });
  const run = new KeptRun(new Machine(OPTIONS, {}, disk, 'later '), from.ledger.copy(), moment);
  await run.start();
  let over = false;
  const working = run.upkeep(from.length).then(() => {
    over = true;
  });
  await turns(moment);
  const wasOver = over;
  const ended = await act(run, from.length);
  if (!ended) {
    await working;
    await run.verify();
    await run.upkeep(Number(run.log.lastIndex));
    await run.verify();
    await run.close();
  }
  for (const restarts of [power, true]) {
    disk.restart(restarts);
    await run.start();
    await run.append(1, LAST_EPOCH);
    await run.upkeep(Number(run.log.lastIndex));
    await run.verify();
  }
  await run.log.close();
  expect(run.reports).toEqual([]);
  return wasOver;
}

describe('in the midst of upkeep', () => {
  it.each(ACTS)(
    '%s: nothing is lost or comes back',
    async (what, act) => {
      const from = await beginning();
      let moment = what.length % STEP;
      for (let over = false; !over; moment += STEP) {
        over = await life(from, act, moment, moment % 2 === 0).catch((error: unknown) => {
          throw new Error(`moment ${moment}: ${error}`, { cause: error });
        });
      }
      expect(moment).toBeGreaterThan(50);
    },
    60_000,
  );
});

describe('where a compacted segment cannot take its name, and a cut waits for that', () => {
  it.each(['nothing', 'all'] as const)(
    'the process ends, renaming having left %s',
    async (left) => {
      const from = await beginning();
      for (let after = 0; after < from.length; after += 3) {
        const disk = from.disk.copy({ later });
        const run = new KeptRun(
          new Machine(OPTIONS, {}, disk, 'later '),
          from.ledger.copy(),
          after,
        );
        await run.start();
        let cutting: Promise<void> | null = null;
        disk.faults = ({ kind, path }) => {
          if (kind === 'rename' && path.endsWith('.seg.tmp')) {
            cutting ??= Promise.resolve().then(() => run.cut(after));
          } else if (cutting === null || kind !== 'list') return null;
          return { kind: 'fail', code: 'EIO', leftover: left };
        };
        await run.upkeep(from.length);
        await cutting;
        await run.log.close().catch((error: unknown) => {
          expect(error).toBeInstanceOf(StorageFailure);
        });
        for (const power of [false, true]) {
          disk.restart(power);
          await run.start();
          await run.append(1, LAST_EPOCH);
        }
        await run.log.close();
        expect([after, run.reports]).toEqual([after, []]);
      }
    },
    60_000,
  );
});
