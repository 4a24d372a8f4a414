// Answers to appends that travel together: lines in any order and in pieces, some of them twice,
// late, never, or not to be understood.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';
import { chunkOf, closed, cut, headOf, LAST_CHUNK, type Plain, send } from './delivery.ts';
import { FOREIGN_LINES } from './foreign.ts';
import type { RawRequest } from './raw-server.ts';
import type { TrueLog } from './true-log.ts';
import { type Neighbours, verdict, type Write } from './writing.ts';

const HEAD = headOf(200, {
  'content-type': 'application/x-ndjson',
  'transfer-encoding': 'chunked',
});

function lineOf(n: number, { status, headers, body }: Plain): string {
  const { location, 'retry-after': retryAfter } = headers;
  const named = JSON.stringify({ location, 'retry-after': retryAfter });
  return `{"n":${n},"status":${status},"headers":${named},"body":${body === '' ? null : body}}\n`;
}

/** Answers each append by itself. */
export async function answerGathered(
  { socket }: RawRequest,
  writes: readonly Write[],
  log: TrueLog,
  chance: Chance,
  near: Neighbours,
): Promise<void> {
  const lines: string[] = [];
  let whole = true;
  for (const n of shuffled(writes, chance)) {
    const line = lineOf(n, verdict(log, writes[n]!, chance, near));
    const missing = chance.happens(0.04);
    whole &&= !missing;
    if (!missing) lines.push(line, ...(chance.happens(0.05) ? [line] : []));
  }
  // It could be taken for a line that is missing; then nobody would be left who waits for that one.
  if (whole && chance.happens(0.1)) {
    lines.splice(chance.between(0, lines.length), 0, `${chance.pick(FOREIGN_LINES)}\n`);
  }
  if (chance.happens(0.1)) {
    const bytes = [Buffer.from(HEAD), chunkOf(Buffer.from(lines.join('')))];
    return cut(socket, Buffer.concat(bytes), chance);
  }
  socket.write(HEAD);
  while (lines.length > 0) {
    const some = Buffer.from(lines.splice(0, chance.between(1, lines.length)).join(''));
    const half = chance.between(0, some.length);
    await send(socket, chunkOf(some.subarray(0, half)), chance);
    if (chance.happens(0.2)) await sleep(chance.between(1, 60));
    await send(socket, chunkOf(some.subarray(half)), chance);
  }
  // A line that is missing may still be waited for, as that of a write concern that is not met.
  if (!whole && chance.happens(0.5)) await closed(socket);
  else socket.write(LAST_CHUNK);
}

function shuffled(writes: readonly Write[], chance: Chance): number[] {
  return writes
    .map((_, n) => [chance.next(), n] as const)
    .sort(([a], [b]) => a - b)
    .map(([, n]) => n);
}
