// What is told to whoever sends bytes that are no HTTP, or a request that does not arrive in time.
// It takes its turn: what was asked before on the same connection is answered first.

import type { Socket } from 'node:net';
import type { Answer } from './answer.ts';
import { behindAnswers } from './behind-answers.ts';
import { invalid, problem } from './problems.ts';
import { rawAnswer } from './raw-answer.ts';

/** A listener for a server's `clientError`. Behind the refusal the connection ends. */
export function refusingMalformed(): (error: NodeJS.ErrnoException, socket: Socket) => void {
  const refused = new WeakSet<Socket>();
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
    } else if (!refused.has(socket)) {
      // Whatever comes behind it is no HTTP either, and Node says so every time.
      refused.add(socket);
      // Unless what is wrong is in the very request that is next.
      behindAnswers(socket, () => socket.end(rawAnswer(answerTo(error.code))));
    }
  };
}

function answerTo(code: string | undefined): Answer {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('request-timeout', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return problem('headers-too-large', 'The headers are too long.');
    default:
      return invalid([{ path: '', message: 'this is not a valid HTTP request' }]);
  }
}
