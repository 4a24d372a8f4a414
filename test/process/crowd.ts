// Many clients at once for little cost: their requests are pipelined over a few connections, so
// that thousands can wait without thousands of sockets.

import { Pool } from 'undici';
import type { Belongings } from './program.ts';

export interface CrowdAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members an answer has.
  readonly body: any;
  readonly ms: number;
}

const CONNECTIONS = 128;
const PER_CONNECTION = 128;

export class Crowd {
  private readonly pool: Pool;

  /** The connections are cut with the belongings. */
  constructor(belongings: Belongings, url: string) {
    this.pool = new Pool(url, {
      connections: CONNECTIONS,
      pipelining: PER_CONNECTION,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    belongings.add(() => this.pool.destroy());
  }

  /** One append; up to CONNECTIONS × PER_CONNECTION of them may be under way. */
  async append(message: string, w: number | string): Promise<CrowdAnswer> {
    const startedAt = performance.now();
    const answer = await this.pool.request({
      method: 'POST',
      path: '/messages',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message, w }),
      // Without these, a POST waits for the answer to the one before it.
      idempotent: true,
      blocking: false,
    });
    const body = await answer.body.json();
    return { status: answer.statusCode, body, ms: performance.now() - startedAt };
  }
}
