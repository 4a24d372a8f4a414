// What may go wrong once, at one point of a run: a message, an event that a machine is given, a
// Persist, or an answer to a client. Points are counted from the start of the run, so that a
// deviation names its place for good.

import type { Trouble } from './shape.ts';

/** Something that a run came to, at which something else might have happened. */
export interface Point {
  readonly number: number;
  readonly type: 'message' | 'event' | 'persist' | 'reply';
  readonly at: number;
  /** Whose event or Persist it is, or who sends. */
  readonly host: string;
  /** The kind of message or event, for people. */
  readonly what: string;
  /** What its disk would find undone if its process ended now. */
  readonly unsynced: number;
  readonly unremembered: boolean;
}

/** How much of the log that was not synced a crash leaves. */
export type Left = 'none' | 'half' | 'all';

export type Deviation = { readonly at: number } & (
  | { readonly kind: 'lost' }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'twice'; readonly ms: number }
  | { readonly kind: 'cut'; readonly what: 'way' | 'link' | 'node'; readonly forMs: number }
  | {
      readonly kind: 'disk';
      readonly trouble: 'error' | 'full' | 'silence';
      readonly times: number;
    }
  | { readonly kind: 'slow disk'; readonly ms: number }
  | {
      readonly kind: 'crash';
      readonly moment: 'before' | 'after';
      readonly left: Left;
      /** Whether bookkeeping that was under way is there afterwards. */
      readonly remembers: boolean;
      readonly forMs: number;
    }
  | { readonly kind: 'wipe'; readonly forMs: number }
  | { readonly kind: 'pause'; readonly forMs: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'leave' }
  /** Then, so much later, whoever is master leaves. */
  | { readonly kind: 'depart'; readonly gapMs: number }
  /** The arbiter comes back with nothing; the node ends as well, and is back after so long. */
  | { readonly kind: 'forget'; readonly forgetful: boolean; readonly forMs: number }
  | {
      readonly kind: 'damage';
      /** Where in the log. */
      readonly from: 'start' | 'middle' | 'end';
      /** How much of what stands behind can be read. */
      readonly readable: 'rest' | 'nothing';
      /** Nobody can tell where the log ended. */
      readonly open: boolean;
      /** Whether these end as well, and start one after the other. */
      readonly others: 'stay' | 'end';
      readonly forMs: number;
    }
  /** These nodes end at once, and start again in this order. */
  | {
      readonly kind: 'together';
      readonly order: readonly string[];
      readonly left: Left;
      readonly gapMs: number;
    }
  | { readonly kind: 'arbiter'; readonly forMs: number }
  | { readonly kind: 'repeat' }
);

/** Shorter than anybody's patience, and longer than that of everybody. */
export const SOON_MS = 40;
export const LATE_MS = 6_500;

/** Behind the first copy, behind the next heartbeat, and into the next session of who was away. */
const LATER_MS = [150, 700, 6_000];

/** Suspected, Unhealthy, and joining again. */
const CUTS_MS = [300, 2_500, LATE_MS];

/** Behind so many of the messages that follow. */
const BEHIND = [1, 2, 4];

const PARTS = ['start', 'middle', 'end'] as const;
const READABLE = ['rest', 'nothing'] as const;
const OTHERS = ['stay', 'end'] as const;

/** What is tried: everything; of each kind, what comes to most by experience; or all of what is
 * the shape's own. */
export type Breadth = 'all' | 'few' | 'own';

export interface Kinds {
  readonly breadth: Breadth;
  readonly troubles: readonly Trouble[];
  /** Whether the arbiter is a process of its own. */
  readonly apart: boolean;
  readonly ids: readonly string[];
}

/** Everything that may go wrong at a point; `messages`: those of the same run, rising. */
export function deviationsAt(
  point: Point,
  messages: readonly Point[],
  kinds: Kinds,
): readonly Deviation[] {
  const { breadth } = kinds;
  if (breadth === 'own') return isOfNode(point) ? ownOf(point, kinds) : [];
  switch (point.type) {
    case 'message':
      return ofMessage(point, messages, kinds.breadth);
    case 'event':
      return ofEvent(point, kinds);
    case 'persist':
      return ofPersist(point, kinds.breadth);
    case 'reply':
      return [{ at: point.number, kind: 'lost' }];
  }
}

function ofMessage(
  point: Point,
  messages: readonly Point[],
  breadth: Breadth,
): readonly Deviation[] {
  const { number: at } = point;
  if (breadth === 'few') {
    return [
      { at, kind: 'lost' },
      { at, kind: 'late', ms: LATER_MS[1]! },
      { at, kind: 'twice', ms: LATER_MS[2]! },
      { at, kind: 'cut', what: 'node', forMs: LATE_MS },
    ];
  }
  const behind = new Set<number>();
  const place = messages.findIndex(({ number }) => number === at);
  for (const count of BEHIND) {
    const other = messages[place + count];
    if (other !== undefined) behind.add(Math.round(other.at - point.at) + 1.5);
  }
  const delays = [...behind, ...LATER_MS];
  return [
    { at, kind: 'lost' },
    ...delays.map((ms) => ({ at, kind: 'late' as const, ms })),
    ...[1, ...delays].map((ms) => ({ at, kind: 'twice' as const, ms })),
    ...CUTS_MS.flatMap((forMs) =>
      (['way', 'link', 'node'] as const).map((what) => ({ at, kind: 'cut' as const, what, forMs })),
    ),
  ];
}

function ofEvent(point: Point, kinds: Kinds): readonly Deviation[] {
  const { apart, breadth } = kinds;
  const { number: at } = point;
  const few = breadth === 'few';
  const times = few ? [SOON_MS] : [SOON_MS, LATE_MS];
  const crashes = times.flatMap((forMs) => crashesAt(point, forMs, breadth));
  if (!isOfNode(point)) return crashes;
  const found: Deviation[] = [...crashes, { at, kind: 'pause', forMs: LATE_MS }];
  if (!few) found.push({ at, kind: 'pause', forMs: 2_000 }, { at, kind: 'stop' });
  found.push(...ownOf(point, kinds));
  if (few) return found;
  if (!apart) return [...found, { at, kind: 'repeat' }];
  const arbiter = times.map((forMs) => ({ at, kind: 'arbiter' as const, forMs }));
  return [...found, ...arbiter, { at, kind: 'repeat' }];
}

function isOfNode({ host, type, what }: Point): boolean {
  // A process that has not begun yet has nothing that could be told to it.
  return type === 'event' && host !== 'arbiter' && what !== 'Start';
}

/** What may go wrong in this shape only. */
function ownOf({ number: at }: Point, { breadth, ids, troubles }: Kinds): Deviation[] {
  const few = breadth === 'few';
  const times = few ? [SOON_MS] : [SOON_MS, LATE_MS];
  const of: Record<Trouble, () => Deviation[]> = {
    leave: () => [{ at, kind: 'leave' }],
    depart: () => (few ? [300] : [20, 300, 2_000]).map((gapMs) => ({ at, kind: 'depart', gapMs })),
    wipe: () => times.map((forMs) => ({ at, kind: 'wipe', forMs })),
    forget: () =>
      times.flatMap((forMs) =>
        [true, false].map((forgetful) => ({ at, kind: 'forget', forgetful, forMs })),
      ),
    damage: () => {
      const all = { from: PARTS, readable: READABLE, open: [false, true], others: OTHERS };
      const some = { ...all, readable: READABLE.slice(1), open: [false], others: OTHERS.slice(1) };
      const { from: parts, readable: kinds, open: ends, others: ways } = few ? some : all;
      return times.flatMap((forMs) =>
        parts.flatMap((from) =>
          kinds.flatMap((readable) =>
            ends.flatMap((open) =>
              ways.map((others) => ({ at, kind: 'damage', from, readable, open, others, forMs })),
            ),
          ),
        ),
      );
    },
    together: () =>
      ordersOf(ids, few).flatMap((order) =>
        (['none', 'all'] as const).map((left) => ({
          at,
          kind: 'together',
          order,
          left,
          gapMs: 60,
        })),
      ),
  };
  return troubles.flatMap((trouble) => of[trouble]());
}

/** Every majority, in every order. */
function ordersOf(ids: readonly string[], few: boolean): (readonly string[])[] {
  const orders = (from: readonly string[]): string[][] =>
    from.length === 0
      ? [[]]
      : [
          [],
          ...from.flatMap((id) => orders(from.filter((one) => one !== id)).map((o) => [id, ...o])),
        ];
  const found = orders(ids).filter((order) => order.length > ids.length / 2);
  return few ? [found[0]!, found.at(-1)!] : found;
}

/** Where nothing is under way, it does not matter how much of it is left. */
function crashesAt(point: Point, forMs: number, breadth: Breadth): Deviation[] {
  const { number: at, unremembered, unsynced } = point;
  const lefts: Left[] = unsynced === 0 ? ['none'] : ['none', 'all'];
  if (unsynced > 1) lefts.push('half');
  const found: Deviation[] = [];
  for (const left of lefts) {
    for (const remembers of unremembered ? [false, true] : [false]) {
      found.push({ at, kind: 'crash', moment: 'before', left, remembers, forMs });
    }
  }
  // What the event itself has asked for is lost, or has just been done.
  for (const left of breadth === 'all' ? (['none', 'all', 'half'] as const) : (['all'] as const)) {
    const remembers = left === 'all';
    found.push({ at, kind: 'crash', moment: 'after', left, remembers, forMs });
  }
  return found;
}

function ofPersist({ number: at }: Point, breadth: Breadth): readonly Deviation[] {
  const troubles = ['error', 'silence', ...(breadth === 'all' ? ['full'] : [])] as const;
  const times = breadth === 'all' ? [1, 4] : [1];
  return [
    ...troubles.flatMap((trouble) =>
      times.map((count) => ({
        at,
        kind: 'disk' as const,
        trouble: trouble as 'error' | 'full' | 'silence',
        times: count,
      })),
    ),
    ...(breadth === 'all' ? LATER_MS : [LATER_MS[1]!]).map((ms) => {
      return { at, kind: 'slow disk' as const, ms };
    }),
  ];
}
