// The fields of a Snapshot that stand around its updates, checked by hand: the schema that says the
// same (peer-schemas.ts) takes longer than all else that a small Snapshot needs. The rule: what is
// anything but usual is left to the schema, which says what is wrong with it.

import type { z } from 'zod';
import { EPOCH_MAX, NODE_ID_PATTERN } from '../../core/ids.ts';
import { isPeerUrl, type snapshotAck, type snapshotBody } from './peer-schemas.ts';

type Body = z.infer<typeof snapshotBody>;

/** All but the updates. */
export type Envelope = Omit<Body, 'updates'>;

/** What a URL looks like on one machine; any other is parsed. */
const LOOPBACK_URL = /^http:\/\/(?:localhost|127\.0\.0\.1):[1-5]?\d{1,4}$/;

/** The fields in `value`; null if the schema has to look at it. */
export function usualEnvelope(value: unknown): Envelope | null {
  if (typeof value !== 'object' || value === null) return null;
  const { epoch, session, seq, commitIndex, holes } = value as Fields;
  const usual = isEpoch(epoch) && Number.isSafeInteger(session) && isCount(seq);
  if (!usual || !isCount(commitIndex) || holes !== undefined) return null;
  const { master, opened, prev, reset } = value as Fields;
  const envelope: Fields = { epoch, session, seq, commitIndex };
  if (master !== undefined) {
    if (!isPeer(master)) return null;
    envelope.master = { node: master.node, url: master.url };
  }
  if (opened !== undefined) {
    if (!isCount(opened)) return null;
    envelope.opened = opened;
  }
  if (prev !== undefined) {
    if (!isPoint(prev)) return null;
    envelope.prev = { index: prev.index, hash: prev.hash };
  }
  if (reset !== undefined) {
    if (typeof reset !== 'boolean') return null;
    envelope.reset = reset;
  }
  return envelope as unknown as Envelope;
}

/** The fields of a SnapshotAck; null if the schema has to look at it. */
export function usualAck(value: unknown): z.infer<typeof snapshotAck> | null {
  if (typeof value !== 'object' || value === null) return null;
  const { result, session, seq, lastIndex } = value as Fields;
  if (result !== 'SnapshotAck') return null;
  const usual = Number.isSafeInteger(session) && isCount(seq) && isCount(lastIndex);
  return usual ? ({ session, seq, lastIndex } as z.infer<typeof snapshotAck>) : null;
}

type Fields = Partial<Record<string, unknown>>;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

const isEpoch = (value: unknown): value is number => isCount(value) && value <= EPOCH_MAX;

function isPoint(value: unknown): value is { readonly index: number; readonly hash: number } {
  if (typeof value !== 'object' || value === null) return false;
  const { index, hash } = value as Fields;
  return isCount(index) && isCount(hash);
}

function isPeer(value: unknown): value is { readonly node: string; readonly url: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { node, url } = value as Fields;
  if (typeof node !== 'string' || !NODE_ID_PATTERN.test(node)) return false;
  return typeof url === 'string' && (LOOPBACK_URL.test(url) || isPeerUrl(url));
}
