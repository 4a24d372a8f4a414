// How a server parts with its connections once it ends. The rule: what it has taken of a connection
// is answered there, and nobody is led to send more of which it would never be known what became of
// it. So the last answer that a connection owes says that it closes behind it, what comes behind
// that is not taken (RFC 9112, section 9.6), and only connections that owe nothing are closed.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerOn } from './half-close.ts';
import { problem } from './problems.ts';
import { endRead, rawAnswer } from './raw-answer.ts';

/** Of connections with more than one request under way: the latest answer that is owed. */
export type LatestAnswers = WeakMap<Socket, ServerResponse>;

export class Parting {
  private readonly connections: ReadonlySet<Socket>;
  private readonly latest: LatestAnswers;
  private readonly passed = new WeakSet<Duplex>();
  private begun = false;

  /** `connections`: all that are open. */
  constructor(connections: ReadonlySet<Socket>, latest: LatestAnswers) {
    this.connections = connections;
    this.latest = latest;
  }

  /** This connection is no more one for requests and answers. */
  pass(socket: Duplex): void {
    this.passed.add(socket);
  }

  /** From now on answers say that their connections close, also those that are owed already. One
   * that has begun cannot any more. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    for (const socket of this.connections) {
      const last = this.lastOn(socket);
      if (last?.headersSent === false) closesBehind(last);
    }
  }

  /** Whether a request may be taken whose answer this is. Where one may not, nothing more of its
   * connection is read. */
  lets(outgoing: ServerResponse): boolean {
    if (!this.begun) return true;
    const { socket } = outgoing.req;
    const before = this.lastOn(socket);
    const late = before !== null && before !== outgoing && !before.shouldKeepAlive;
    if (late) socket.pause();
    else closesBehind(outgoing);
    return !late;
  }

  /** Closes the connections on which nothing is owed. Node's own way takes those for idle whose
   * answer is made but has not left, and those with a request behind one that is answered; and it
   * waits for who has not asked for anything, as browsers and pools open some in advance. One that
   * is ended already closes by itself. */
  closeIdle(): void {
    for (const socket of this.connections) {
      const owes = answerOn(socket) !== null || socket.writableEnded;
      if (owes || this.passed.has(socket)) continue;
      if (socket.bytesRead === 0) socket.destroy();
      else endRead(socket);
    }
  }

  /** Closes all connections. A request that has not come to its end is no more waited for, and told
   * so: nothing of it has been done. What has been asked for to its end has no answer. */
  cut(): void {
    for (const socket of this.connections) {
      const owed = answerOn(socket);
      if (owed?.req.complete === false && !owed.headersSent) socket.write(ENDING);
      socket.destroy();
    }
  }

  private lastOn(socket: Socket): ServerResponse | null {
    return this.latest.get(socket) ?? answerOn(socket);
  }
}

const ENDING = rawAnswer(
  problem('shutting-down', 'The node is shutting down, and the request has not come to its end.'),
);

/** Has an answer that has not begun say that its connection closes. That is not closed at once
 * behind it: a client that was still sending would lose what it has not read yet. */
function closesBehind(answer: ServerResponse): void {
  const { socket } = answer.req;
  answer.shouldKeepAlive = false;
  // What Node does behind such an answer.
  socket.destroySoon = () => endRead(socket);
}
