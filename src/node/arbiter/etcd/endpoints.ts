// The way to etcd: its endpoints, asked one after the other until one of them answers. The one that
// did is asked first the next time.

import Pool from 'undici/lib/dispatcher/pool.js';
import * as z from 'zod';
import { parsed } from '../../peers/peer-answers.ts';
import { codeOf } from '../../peers/peer-client.ts';
import { exchange, type PeerReply, StaleConnection } from '../../peers/peer-exchange.ts';
import { explained } from '../../peers/peer-failure.ts';
import { EtcdRefused, EtcdUnreachable } from './gateway.ts';
import type { AskWith } from './login.ts';

/** How patiently an endpoint is asked, in milliseconds. */
export interface Patience {
  readonly connectMs: number;
  readonly answerMs: number;
}

/** What a client shows where it is asked for it, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const PATIENCE: Patience = { connectMs: 2_000, answerMs: 2_000 };

const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
const CONNECTIONS = 4;

interface Line {
  readonly url: string;
  readonly path: string;
  readonly pool: Pool;
}

export class Endpoints {
  private readonly lines: readonly Line[];
  private readonly answerMs: number;
  private turn = 0;

  /** At least one. */
  constructor(
    urls: readonly string[],
    certificate: Certificate | null = null,
    { connectMs, answerMs }: Patience = PATIENCE,
  ) {
    const shown = certificate === null ? {} : { connect: { ...certificate } };
    this.answerMs = answerMs;
    this.lines = urls.map((url) => {
      const { origin, pathname } = new URL(url);
      const limits = { connectTimeout: connectMs, maxResponseSize: ANSWER_MAX_BYTES };
      const pool = new Pool(origin, { ...limits, ...shown, connections: CONNECTIONS });
      return { url, path: pathname.replace(/\/+$/, ''), pool };
    });
  }

  /** See AskWith. */
  readonly ask: AskWith = async (route, body, headers = {}) => {
    const reasons: string[] = [];
    const { length } = this.lines;
    const first = this.turn;
    // Each request goes its own round: what another one finds meanwhile makes it leave none out.
    for (let nth = first; nth < first + length; nth += 1) {
      const line = this.lines[nth % length]!;
      try {
        return {
          body: heard(await this.post(line, route, body, headers), line.url),
          url: line.url,
        };
      } catch (error) {
        if (error instanceof EtcdRefused) throw error;
        reasons.push(reasonOf(error, line.url));
        if (this.turn === nth % length) this.turn = (nth + 1) % length;
      }
    }
    throw new EtcdUnreachable(reasons.join('; '));
  };

  /** Cuts all connections; what waits for an answer is rejected. */
  async close(): Promise<void> {
    await Promise.all(this.lines.map(({ pool }) => pool.destroy()));
  }

  private async post(
    { path, pool }: Line,
    route: string,
    body: object,
    headers: Readonly<Record<string, string>>,
  ): Promise<PeerReply> {
    const request = {
      method: 'POST',
      path: `${path}${route}`,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      headersTimeout: this.answerMs,
      bodyTimeout: this.answerMs,
    } as const;
    try {
      return await exchange(pool, request);
    } catch (error) {
      // It was closed before it was used: the request has not been there.
      if (!(error instanceof StaleConnection)) throw error;
      return await exchange(pool, request);
    }
  }
}

function reasonOf(error: unknown, url: string): string {
  if (error instanceof EtcdUnreachable) return error.message;
  if (codeOf(error) === 'UND_ERR_DESTROYED') return `${url} is not asked any more`;
  return explained(error, url).message;
}

/** Too much to do, or no leader: another endpoint may know better. */
function isTrouble(status: number): boolean {
  return status >= 500 || status === 429;
}

function heard({ status, text }: PeerReply, url: string): unknown {
  const body = parsed(text);
  if (status === 200) return body;
  const said = message.safeParse(body);
  const words = `${url} answered ${status}${said.success ? `: ${said.data.message}` : ''}`;
  throw isTrouble(status) ? new EtcdUnreachable(words) : new EtcdRefused(status, words);
}

const message = z.object({ message: z.string().max(500) });
