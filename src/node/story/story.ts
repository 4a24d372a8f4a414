// The life of one operation on this node, in sentences: read from the trace when somebody asks. The
// rule: it tells only what the trace knows, and says when that is not all.

import type { Entry } from '../../core/operation.ts';
import { StoryTeller } from './story-teller.ts';
import type { Trace } from './trace.ts';
import { concernOf, KIND, type TraceRecord } from './trace-record.ts';

/** One thing that happened. `at`: ISO 8601; `ms`: since the first line; `peer`: the other node. */
export interface StoryLine {
  readonly at: string;
  readonly ms: number;
  readonly event: string;
  readonly peer: string | null;
  readonly text: string;
}

export interface Story {
  readonly index: number;
  readonly node: string;
  /** False: some of it has fallen out of the trace, or happened in an earlier life. */
  readonly complete: boolean;
  readonly lines: readonly StoryLine[];
}

/** What a story is told from. */
export interface StoryParts {
  readonly node: string;
  readonly index: number;
  /** What stands in the log there; null: nothing (any more). */
  readonly entry: Entry | null;
  readonly durable: boolean;
  readonly trace: Trace;
  /** Id of the node at a URL; null: not known. */
  readonly nodeAt: (url: string) => string | null;
  /** Who this node follows; null: nobody. */
  readonly master: string | null;
  /** What the master says of members that have not acknowledged it, as in "n3, Unhealthy". */
  readonly lacking: (having: ReadonlySet<string>) => string | null;
  readonly now: number;
  /** Wall clock at `now`, in milliseconds. */
  readonly wallMs: number;
}

/** Lines in one story; of more the middle is left out, and the story is not complete. Even. */
export const LINES_MAX = 1_000;

/** Null: this node knows nothing of that index. */
export function storyOf(parts: StoryParts): Story | null {
  const { index, trace, node, entry } = parts;
  const teller = new StoryTeller(parts);
  for (const record of trace.records()) tell(teller, record, index);
  teller.end();
  if (teller.told.length === 0 && entry === null) return null;
  if (teller.told.length === 0) teller.onlyStored();
  const sorted = teller.told.toSorted((a, b) => a.at - b.at);
  const start = sorted[0]!.at;
  const half = LINES_MAX / 2;
  const fitting =
    sorted.length <= LINES_MAX ? sorted : [...sorted.slice(0, half), ...sorted.slice(-half)];
  const lines = fitting.map(({ at, event, peer, text }) => ({
    at: new Date(parts.wallMs - (parts.now - at)).toISOString(),
    ms: Math.round((at - start) * 1_000) / 1_000,
    event,
    peer,
    text,
  }));
  const complete = sorted.length <= LINES_MAX && teller.begun && reachesBack(parts);
  return { index, node, complete, lines };
}

/** Whether the trace goes back to before the operation existed. */
function reachesBack({ trace, entry, now, wallMs }: StoryParts): boolean {
  const { forgottenUntil } = trace;
  if (forgottenUntil === null) return true;
  return entry !== null && wallMs - (now - forgottenUntil) < Date.parse(entry.at);
}

function tell(teller: StoryTeller, record: TraceRecord, index: number): void {
  const within = record.from <= index && index <= record.to;
  switch (record.kind) {
    case KIND.appended:
      if (within) teller.appended(record, concernOf(record.b));
      return;
    case KIND.copied:
    case KIND.fetched:
      if (within) teller.copied(record);
      return;
    case KIND.duplicate:
      if (within) teller.repeated(record, concernOf(record.b));
      return;
    case KIND.persisting:
      teller.persisting(record);
      return;
    case KIND.persisted:
      if (record.to >= index) teller.persisted(record);
      return;
    case KIND.persistFailed:
      if (record.to >= index) teller.persistFailed(record);
      return;
    case KIND.persistStruck:
      teller.persistStruck(record);
      return;
    case KIND.sent:
      if (within) teller.sent(record);
      return;
    case KIND.acknowledged:
      teller.acknowledged(record);
      return;
    case KIND.refused:
      if (within) teller.refused(record);
      return;
    case KIND.unanswered:
      if (within) teller.unanswered(record);
      return;
    case KIND.answered:
      teller.answered(record);
      return;
    case KIND.abandoned:
      teller.abandoned(record);
      return;
    case KIND.arrived:
      if (within) teller.arrived(record);
      return;
    case KIND.responded:
      teller.responded(record);
      return;
    case KIND.declined:
      teller.declined(record);
      return;
    case KIND.struck:
      if (within) teller.struck(record);
      return;
    case KIND.truncated:
      if (within) teller.dropped(record);
  }
}
