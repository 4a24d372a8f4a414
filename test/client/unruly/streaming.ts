// The log as a stream of events, with whatever else may come over one.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';
import { chunkOf, headOf, LAST_CHUNK, send } from './delivery.ts';
import type { RawRequest } from './raw-server.ts';
import type { TrueLog } from './true-log.ts';

const NOISE = [
  ': still here\n\n',
  'event: hello\ndata: {"index":1}\n\n',
  'retry: 5\n\n',
  '\n\n',
  'id: 7\n\n',
] as const;

/** Events that are no entries. */
const JUNK = ['data: {"ind\n\n', 'data: null\n\n', 'data: 17\n\n', 'data: {"op":"put"}\n\n'];

/** Sends entries as they come, from where it was asked or a little before, until a break. */
export async function streamLog(
  { socket, headers, url }: RawRequest,
  log: TrueLog,
  chance: Chance,
): Promise<void> {
  const last = headers.get('last-event-id');
  const from = last === undefined ? Number(url.searchParams.get('from') ?? 1) : Number(last) + 1;
  let next = Math.max(1, from - chance.between(0, 2));
  const type = chance.pick(['text/event-stream', 'text/event-stream; charset=utf-8']);
  socket.write(headOf(200, { 'content-type': type, 'transfer-encoding': 'chunked' }));
  while (!socket.destroyed) {
    const some = log.entries.slice(next - 1, next - 1 + chance.between(1, 20));
    next += some.length;
    let text = some.map((one) => `id: ${one.index}\ndata: ${JSON.stringify(one)}\n\n`).join('');
    if (chance.happens(0.1)) text = chance.pick(NOISE) + text;
    if (chance.happens(0.003)) text += chance.pick(JUNK);
    const bytes = Buffer.from(text);
    const half = chance.between(0, bytes.length);
    await send(socket, chunkOf(bytes.subarray(0, half)), chance);
    if (chance.happens(0.1)) return void socket.destroy();
    await send(socket, chunkOf(bytes.subarray(half)), chance);
    if (chance.happens(0.05)) {
      socket.write(LAST_CHUNK);
      return;
    }
    if (some.length === 0) await sleep(chance.between(1, 30));
  }
}
