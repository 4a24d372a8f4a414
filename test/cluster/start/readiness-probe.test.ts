import { describe, expect, it } from 'vitest';
import type { Health, MemberHealth } from '../../../src/client/answers.ts';
import { placeOf } from '../../../src/cluster/files/layout.ts';
import { ReadinessProbe } from '../../../src/cluster/start/readiness-probe.ts';
import { health, member } from '../master-health.ts';
import { virtualPace } from '../virtual-pace.ts';

const PLACE = placeOf('n2', 4001, null);

/** A probe of n1, the master, and n2; what it sees is a matter of time. */
function probing(seen: (time: number) => Health | null, isReady = (_: number) => true) {
  const { pace, time } = virtualPace();
  const link = { health: async () => seen(time()), isReady: async () => isReady(time()) };
  return { probe: new ReadinessProbe(link, pace, () => ['n1', 'n2']), time };
}

/** The master has 12 operations; so many of them are acknowledged by n2. */
const acknowledged = (ackedIndex: number | null, change: Partial<MemberHealth> = {}) => {
  const members = [member('n1', { ackedIndex: 12 }), member('n2', { ackedIndex, ...change })];
  return health(members, { lastIndex: 12 });
};

describe('the proof at a start', () => {
  it('takes as long as something is copied, however short its time', async () => {
    const { probe, time } = probing((now) => acknowledged(Math.floor(now / 500)));
    expect(await probe.proved(1_000)).toBeNull();
    expect(time()).toBe(6_000);
  });

  it('is given up when nothing was copied for that time, with what is missing', async () => {
    const { probe, time } = probing((now) => acknowledged(Math.min(3, Math.floor(now / 500))));
    expect(await probe.proved(1_000)).toBe('n2 has acknowledged 3 of 12 operations');
    expect(time()).toBe(1_500 + 1_000);
  });
});

describe('what is waited for after a node', () => {
  it('was started: that it is ready, and has caught up', async () => {
    const { probe, time } = probing(
      (now) => acknowledged(now < 1_000 ? 11 : 12),
      (now) => now >= 500,
    );
    await probe.returned(PLACE);
    expect(time()).toBe(1_000);
  });

  it('was started without a master: that it is ready', async () => {
    const { probe, time } = probing(
      () => null,
      (now) => now >= 500,
    );
    await probe.returned(PLACE);
    expect(time()).toBe(500);
  });

  it('was started that is the master itself: nobody else', async () => {
    const suspected = health([member('n1'), member('n2', { status: 'Suspected' })], { node: 'n2' });
    const { probe, time } = probing(() => suspected);
    await probe.returned(PLACE);
    expect(time()).toBe(0);
  });

  it('was added: that it has acknowledged everything', async () => {
    const { probe, time } = probing((now) => (now < 400 ? acknowledged(null) : acknowledged(12)));
    await probe.joined('n2');
    expect(time()).toBe(400);
  });

  it('was removed: that the master does not count it any more', async () => {
    const both = [member('n1'), member('n2')];
    const { probe, time } = probing((now) => health(now < 400 ? [...both, member('n3')] : both));
    await probe.left();
    expect(time()).toBe(400);
  });

  it.each(['returned', 'joined', 'left'] as const)(
    'is not waited for longer than 3 s (%s), however much is copied meanwhile',
    async (what) => {
      const { probe, time } = probing((now) => acknowledged(Math.floor(now / 500)));
      await (what === 'returned'
        ? probe.returned(PLACE)
        : what === 'joined'
          ? probe.joined('n2')
          : probe.left());
      expect(time()).toBe(3_000);
    },
  );
});
