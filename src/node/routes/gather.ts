// Appends that travel together: many independent ones in one request. Each keeps its own write
// concern, time limit, key and answer, exactly as if it had come alone; a line goes back for each
// as soon as it is decided, so that one that waits holds up no other.

import type { ServerResponse } from 'node:http';
import { readGathered } from '../api/append-reader.ts';
import { messageAnswer } from '../api/outcomes.ts';
import { gatherBody } from '../api/schemas.ts';
import { gatheredLine } from '../api/success.ts';
import { ClientGone, write } from '../api/write.ts';
import type { Answer } from '../http/answer.ts';
import { BATCH_LIMIT, readJson } from '../http/body.ts';
import type { Call } from '../http/call.ts';
import { departureOf, SharedDeparture } from '../http/departure.ts';
import { problem } from '../http/problems.ts';
import type { Route, Site } from '../http/route.ts';

const CONTENT_TYPE = 'application/x-ndjson';

export function gatherRoutes(site: Site): Route[] {
  return [
    {
      method: 'POST',
      path: '/messages/gathered',
      access: 'client',
      doc: {
        id: 'appendGathered',
        summary: 'Append many messages, each on its own',
        description:
          'Unlike a batch, each is accepted or refused by itself. The answer has a line for ' +
          'each, in the order in which they are decided. The body may be 16 MiB.',
        body: { schema: gatherBody },
        success: [
          {
            status: 200,
            description: 'JSON lines, one for each append.',
            schema: gatheredLine,
            contentType: CONTENT_TYPE,
          },
        ],
        problems: ['unsupported-media-type', 'too-large'],
      },
      direct: true,
      handle: (call) => appendGathered(site, call),
    },
  ];
}

async function appendGathered(site: Site, call: Call): Promise<Answer> {
  const { appends } = await readJson(call, BATCH_LIMIT, gatherBody, undefined, readGathered);
  const departure = new SharedDeparture(departureOf(call));
  const lines = new Lines(call.env?.direct, appends.length);
  for (const [n, { message, w, timeoutMs, idempotencyKey }] of appends.entries()) {
    const request = {
      operations: [{ op: 'append' as const, message }],
      batch: false,
      w: w ?? site.defaultW,
      timeoutMs,
      idempotencyKey,
    };
    write(site, call, request, messageAnswer, departure).then(
      (answer) => lines.add(n, answer),
      (error: unknown) => {
        // Nobody reads the answer of a client that has gone.
        if (error instanceof ClientGone) return;
        site.logger.error({ err: error }, 'a gathered append failed');
        lines.add(n, problem('internal-error', 'The node could not handle the append.'));
      },
    );
  }
  return lines.whole;
}

/** The answer as it grows. Lines that are decided in one turn of the event loop leave together;
 * with web objects around the request it is handed over when it is whole. */
class Lines {
  readonly whole: Promise<Answer>;
  private readonly outgoing: ServerResponse | undefined;
  private resolve: (answer: Answer) => void = () => {};
  private missing: number;
  private text = '';
  private scheduled = false;

  constructor(outgoing: ServerResponse | undefined, count: number) {
    this.outgoing = outgoing;
    this.missing = count;
    this.whole = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  add(n: number, { status, headers, body }: Answer): void {
    this.text += `{"n":${n},"status":${status},${extraOf(headers)}"body":${String(body)}}\n`;
    this.missing -= 1;
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    const { outgoing, text } = this;
    const done = this.missing === 0;
    if (outgoing?.headersSent !== true && done) {
      this.resolve({ status: 200, headers: { 'content-type': CONTENT_TYPE }, body: text });
      return;
    }
    if (outgoing === undefined || outgoing.destroyed) return;
    if (!outgoing.headersSent) outgoing.writeHead(200, { 'content-type': CONTENT_TYPE });
    this.text = '';
    if (done) outgoing.end(text);
    else outgoing.write(text);
  }
}

/** The headers that mean something besides the body: where to go, and when to come back. */
function extraOf(headers: Answer['headers']): string {
  const { location, 'retry-after': retryAfter } = headers;
  if (location === undefined && retryAfter === undefined) return '';
  return `"headers":${JSON.stringify({ location, 'retry-after': retryAfter })},`;
}
