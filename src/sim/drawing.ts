// How the virtual cluster draws what happens, one line per message, note or answer.

import type { Note, Outcome, WriteConcern } from '../core/effects.ts';
import { SESSIONS_PER_EPOCH } from '../core/members/session-numbers.ts';
import type { EpochEnd, LogPoint, Request, Response } from '../core/messages.ts';
import type { Entry, Operation } from '../core/operation.ts';

/** Left out of the drawing: what is the same in every message, or only for the host. */
const HIDDEN = new Set([
  'type',
  'url',
  'incarnation',
  'prev',
  'master',
  'cluster',
  'node',
  'hash',
  'version',
  'since',
]);

/** One message on one line. */
export function drawMessage(message: Request | Response): string {
  const usual = message.type === 'Snapshot' && message.updates.length > 0;
  const fields = Object.entries(message)
    .filter(([name, value]) => !HIDDEN.has(name) && value !== undefined && value !== null)
    .filter(([name]) => !(usual && name === 'opened'))
    .map(([name, value]) => `${name}=${drawField(name, value)}`);
  const master = 'master' in message && message.type === 'JoinedSecondary';
  if (master) fields.push(`master=${message.master.node}`);
  if (message.type === 'Snapshot' && message.updates.length === 0 && message.prev !== undefined) {
    fields.push(`prev=${message.prev.index}`);
  }
  return [message.type, ...fields].join(' ');
}

function drawField(name: string, value: unknown): string {
  if (name === 'updates') return `[${(value as Entry[]).map(drawEntry).join(' ')}]`;
  if (name === 'replicas') {
    return `[${(value as { node: string }[]).map(({ node }) => node).join(' ')}]`;
  }
  if (name === 'holes') {
    return `[${(value as LogPoint[]).map(({ index }) => index).join(' ')}]`;
  }
  if (name === 'epochEnd') {
    const { epoch, index } = value as EpochEnd;
    return `${epoch}→${index}`;
  }
  if (name === 'session') {
    // Drawn as `epoch.n`.
    const session = value as number;
    return `${Math.floor(session / SESSIONS_PER_EPOCH)}.${session % SESSIONS_PER_EPOCH}`;
  }
  return String(value);
}

/** An entry as `index:operation`. */
export function drawEntry(entry: Entry): string {
  return `${entry.index}:${drawOperation(entry)}`;
}

function drawOperation(operation: Operation): string {
  switch (operation.op) {
    case 'append':
      return operation.message;
    case 'put':
      return `${operation.key}=${operation.value}`;
    case 'remove':
      return `${operation.key}✗`;
  }
}

export function drawWrite(
  operations: readonly Operation[],
  how: { w: WriteConcern; timeoutMs?: number; key?: string },
): string {
  const what = operations.map(drawOperation).join(' ');
  const timeout = how.timeoutMs === undefined ? '' : ` timeoutMs=${how.timeoutMs}`;
  const key = how.key === undefined ? '' : ` key=${how.key}`;
  return `write ${what} w=${how.w}${timeout}${key}`;
}

export function drawOutcome(outcome: Outcome): string {
  const { type, ...rest } = outcome as Outcome & { first?: number; last?: number };
  const fields = Object.entries(rest)
    .filter(([name, value]) => !(name === 'last' && value === rest.first))
    .filter(([name, value]) => !(name === 'duplicate' && value === false))
    .map(([name, value]) => {
      const label = name === 'first' && rest.first === rest.last ? 'index' : name;
      return `${label}=${drawValue(value)}`;
    });
  return [type, ...fields].join(' ');
}

function drawValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(' ')}]`;
  if (value !== null && typeof value === 'object' && 'node' in value) return String(value.node);
  return String(value);
}

/** A note for people; null for those that repeat what a drawn message shows. */
export function drawNote(note: Note): string | null {
  switch (note.event) {
    case 'status':
      return `${note.node} ${note.from} → ${note.to}`;
    case 'role':
      return `${note.role ?? 'no role'}, epoch ${note.epoch}`;
    case 'mode':
      return note.reason === null ? note.mode : `${note.mode}, ${note.reason}`;
    case 'left':
      return `${note.node} left`;
    case 'duplicate':
      return `known already, at ${note.index}`;
    case 'recovered':
      return `fetched ${note.count} operations that it did not have`;
    case 'discarded':
      return `drops ${note.count} operations after ${note.after}`;
    case 'damaged':
      return `damaged after ${note.after}, up to ${note.upTo}`;
    case 'repaired':
      return `has again what damage took, up to ${note.upTo}`;
    case 'lost':
      return `lost ${note.after + 1} to ${note.upTo}`;
    case 'refused':
      return `refused by ${note.by}: ${note.code}`;
    case 'unanswered':
      return `no answer from ${note.by}: ${note.error}`;
    case 'joined':
    case 'resend':
      return null;
  }
}
