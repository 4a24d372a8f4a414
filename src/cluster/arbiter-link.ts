// The launcher's view of the arbiter it hosts, and of the master that the arbiter has appointed.

import { type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Health } from '../client/answers.ts';
import type { RunningArbiter } from '../node/arbiter/serve-arbiter.ts';
import type { Tokens } from '../node/http/tokens.ts';

/** A local answer takes milliseconds; a paused node gives none. */
const ANSWER_MS = 1_000;

/** Calls over loopback on behalf of the launcher. */
export class ArbiterLink {
  readonly arbiter: RunningArbiter;
  readonly #tokens: Tokens | null;

  constructor(arbiter: RunningArbiter, tokens: Tokens | null) {
    this.arbiter = arbiter;
    this.#tokens = tokens;
  }

  /** The role the arbiter has given to a node; null: none yet. */
  roleOf(node: string): 'master' | 'secondary' | null {
    if (this.arbiter.master()?.node === node) return 'master';
    return this.arbiter.members().some((member) => member.node === node) ? 'secondary' : null;
  }

  /** The master's health; null while there is no master or it does not answer. */
  async health(): Promise<Health | null> {
    const master = this.arbiter.master();
    if (master === null) return null;
    const answer = await this.#get(`${master.url}/health`);
    if (answer?.status !== 200) return null;
    try {
      return JSON.parse(answer.body) as Health;
    } catch {
      // Whatever answers at that port is not the master.
      return null;
    }
  }

  /** Whether the node has a role and has replayed its log. */
  async isReady(url: string): Promise<boolean> {
    return (await this.#get(`${url}/readyz`))?.status === 200;
  }

  /** Ends a node's membership in its stead. */
  async leave(node: string): Promise<void> {
    const headers = { ...this.#headers(), 'content-type': 'application/json' };
    const url = `${this.arbiter.url}/arbiter/leave`;
    const { status } = await ask(url, { method: 'POST', headers }, JSON.stringify({ node }));
    if (status !== 200) throw new Error(`the arbiter did not let ${node} leave (${status})`);
  }

  #headers(): Readonly<Record<string, string>> {
    return this.#tokens === null ? {} : { authorization: this.#tokens.authorization };
  }

  async #get(url: string): Promise<Answer | null> {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      return await ask(url, { headers: this.#headers(), signal });
    } catch {
      // Not listening yet, paused or gone: all of these mean "no answer now", and callers ask
      // again.
      return null;
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request on a connection of its own. Not by `fetch`: to load that takes a launcher a quarter
 * of its start, while three nodes start beside it. */
function ask(url: string, options: RequestOptions, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...options, agent: false });
    asked.on('error', reject);
    asked.on('response', (response) => {
      text(response).then(
        (answered) => resolve({ status: response.statusCode ?? 0, body: answered }),
        reject,
      );
    });
    asked.end(body);
  });
}
