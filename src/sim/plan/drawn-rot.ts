// Draws clusters in which damage counts: a node loses a part of its log, and another one that held
// the same cannot be asked or has lost it as well. The rule: drawn apart, so that all other seeds
// stay what they are.

import { Chance } from '../chance.ts';
import { GOES_ON } from '../faults/rot.ts';
import type { Fault, Plan } from './plan.ts';

const ROT_SEED = 0x0f_0717;
const ELSEWHERE_SEED = 0x15_0717;
const RUNNING_SEED = 0x16_0717;
const FORM_SEED = 0x17_0717;

/** How many of the clusters that allow it meet it. */
const ROT_SHARE = 0.5;

/** How many of these meet the next mishap while the damaged node is on its way back. */
const AGAIN_SHARE = 0.5;

/** How many of them meet damage on another node, too; and as many of those on one more. */
const ELSEWHERE_SHARE = 0.4;

/** So soon after the first. */
const ELSEWHERE_MS = 800;

/** In how many of them its node goes on running, and meets the damage when it reads. */
const RUNNING_SHARE = 0.3;

/** In how many of them it is more than a bit, or stands elsewhere. */
const FORM_SHARE = 0.4;

/** From its start on it is on its way back for about so long. */
const CATCHING_UP_MS = 60;

/** Of such segments a log has several. */
const SEGMENT_BYTES_FEW = 4_000;

/** Longer than a member may be silent before nobody waits for it. */
const AWAY_MS = 5_500;

export function withRot(plan: Plan): Plan {
  const chance = new Chance(plan.seed ^ ROT_SEED);
  const { faults, faultsFrom, faultsUntil, shape } = plan;
  const { arbiter, nodes, salvages } = shape;
  const master = nodes[0]!.id;
  // The arbiter that the master may be as well must not forget.
  const mayWipe = (id: string): boolean => arbiter === 'own' || id !== master;
  const suits =
    salvages &&
    nodes.length > 1 &&
    nodes.every(({ durable }) => durable) &&
    faults.every(({ kind }) => kind !== 'flip');
  if (!suits || !chance.happens(ROT_SHARE)) return plan;
  const at = Math.round(chance.between(faultsFrom, faultsUntil - 500));
  const fault = (kind: string, node: string, more: Partial<Fault>): Fault => ({
    kind,
    at,
    forMs: 20,
    node,
    peer: master,
    amount: 0.5,
    seed: chance.whole(1, 2 ** 31),
    ...more,
  });
  const [first, second, third] = shuffled(nodes, chance);
  const downMs = chance.whole(10, 400);
  const more = [fault('rot', first!.id, { forMs: downMs })];
  if (chance.happens(0.5)) {
    // The master's, or any other's: what it forgets, the damaged one cannot tell.
    const lost = first!.id === master ? second! : nodes[0]!;
    const kind = chance.pick(['wipe', 'kill']);
    more.push(fault(mayWipe(lost.id) ? kind : 'kill', lost.id, { at: at + chance.whole(0, 100) }));
  }
  if (third !== undefined && chance.happens(0.5)) {
    const before = Math.round(chance.next() * 200);
    more.push(fault('pause', third.id, { at: Math.max(faultsFrom, at - before), forMs: AWAY_MS }));
  }
  if (chance.happens(AGAIN_SHARE)) {
    // While it catches up: what it says of itself then must not be more than it has.
    const again = at + downMs + chance.whole(0, CATCHING_UP_MS);
    const wipes = mayWipe(master) && first!.id !== master && chance.happens(0.5);
    more.push(fault(wipes ? 'wipe' : 'rot', wipes ? master : first!.id, { at: again }));
  }
  more.push(...elsewhere(plan, first!.id, more[0]!));
  const all = [...faults, ...more.map(running(plan)).map(formed(plan))];
  return { ...plan, faults: all.sort((a, b) => a.at - b.at) };
}

/** Draws which damage befalls a node that goes on. */
function running({ seed }: Plan): (fault: Fault) => Fault {
  const chance = new Chance(seed ^ RUNNING_SEED);
  return (fault) => {
    const goesOn = fault.kind === 'rot' && chance.happens(RUNNING_SHARE);
    return goesOn ? { ...fault, amount: GOES_ON } : fault;
  };
}

/** Draws what damage looks like. */
function formed({ seed, shape, faults }: Plan): (fault: Fault) => Fault {
  const chance = new Chance(seed ^ FORM_SEED);
  const forms = ['lost-sector'];
  // Where there is one segment, nothing follows it.
  if (shape.layout.segmentBytes! <= SEGMENT_BYTES_FEW) forms.push('short-file', 'lost-file');
  // A node that refuses to start is given an empty disk, and an arbiter must know the others then.
  const replaceable = shape.arbiter === 'own' && faults.every(({ kind }) => kind !== 'forget');
  if (replaceable) forms.push('rot-memory');
  return (fault) => {
    const other = fault.kind === 'rot' && chance.happens(FORM_SHARE);
    return other ? { ...fault, kind: chance.pick(forms) } : fault;
  };
}

/** Damage on other nodes, before the first has what it lost or after it. */
function elsewhere({ seed, shape }: Plan, first: string, like: Fault): Fault[] {
  const chance = new Chance(seed ^ ELSEWHERE_SEED);
  const faults: Fault[] = [];
  for (const { id } of shuffled(shape.nodes, chance)) {
    if (id === first) continue;
    if (!chance.happens(ELSEWHERE_SHARE)) break;
    const at = like.at + chance.whole(0, ELSEWHERE_MS);
    const forMs = chance.whole(10, 400);
    faults.push({ ...like, at, forMs, node: id, seed: chance.whole(1, 2 ** 31) });
  }
  return faults;
}

function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  const left = [...items];
  return items.map(() => left.splice(chance.whole(0, left.length - 1), 1)[0]!);
}
