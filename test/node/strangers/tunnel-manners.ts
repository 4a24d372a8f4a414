// How a stranger speaks in a tunnel that it has offered: well, badly, or not at all.

import type { Duplex } from 'node:stream';
import { answerFrame, FrameReader } from '../../../src/node/peers/tunnel-frames.ts';
import type { Chance } from './chance.ts';
import type { Delivery } from './foreign-secondary.ts';

const MANNERS = [
  ...(['speaks', 'speaks', 'speaks', 'silent', 'garbage', 'cuts', 'giant'] as const),
  ...(['refuses', 'mute', 'odd'] as const),
];

/** Opens it, or does not. `answer` is told the body of a frame, and calls back when it is to be
 * answered. */
export function strangeTunnel(
  socket: Duplex,
  chance: Chance,
  answer: (body: string, deliver: (delivery: Delivery) => void) => void,
): void {
  const manner = chance.one(MANNERS);
  if (manner === 'mute') return;
  if (manner === 'refuses') {
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
    return;
  }
  socket.write('HTTP/1.1 200 Tunnel\r\n\r\n');
  if (manner === 'garbage') {
    socket.write(Buffer.from(Array.from({ length: 30 }, () => chance.below(256))));
  } else if (manner === 'giant') {
    // A frame that is longer than any may be.
    socket.write(Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]));
  }
  const reader = new FrameReader(1 << 26);
  socket.on('end', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (manner === 'cuts' && chance.of(0.5)) socket.destroy();
    if (manner === 'silent') return;
    reader.take(chunk, (id, payload) => {
      answer(payload.toString(), (delivery) => {
        if (!socket.destroyed) deliver(socket, id, delivery, manner === 'odd', chance);
      });
    });
  });
}

function deliver(
  socket: Duplex,
  id: number,
  { status, text, cut }: Delivery,
  odd: boolean,
  chance: Chance,
): void {
  if (cut === 'before') {
    socket.destroy();
    return;
  }
  if (odd) {
    // An answer that nothing was asked for, and one too short for a status.
    socket.write(answerFrame((id + 1_000) >>> 0, 200, '{}'));
    if (chance.of(0.1)) socket.write(Buffer.from([1, 0, 0, 0, id & 255, 0, 0, 0, 7]));
  }
  const frame = answerFrame(id, status, text);
  const half = chance.below(frame.length);
  socket.write(frame.subarray(0, half));
  if (cut === 'within') {
    socket.destroy();
    return;
  }
  socket.write(frame.subarray(half));
  if (odd) socket.write(frame);
}
