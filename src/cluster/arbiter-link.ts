// The launcher's view of the arbiter it hosts, and of the master that the arbiter has appointed.

import type { Health } from '../client/answers.ts';

/** An arbiter that serves in this process. */
export interface HostedArbiter {
  readonly url: string;
  /** Changes the configured cluster size and announces it to the master. */
  setSize(size: number | null): void;
  members(): readonly { readonly node: string; readonly url: string }[];
  master(): { readonly node: string; readonly url: string } | null;
  stop(): Promise<void>;
  /** Rejects if it cannot go on. */
  readonly stopped: Promise<void>;
}

/** A local answer takes milliseconds; a paused node gives none. */
const ANSWER_MS = 1_000;

/** Calls over loopback on behalf of the launcher. */
export class ArbiterLink {
  readonly arbiter: HostedArbiter;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(arbiter: HostedArbiter, token: string | null) {
    this.arbiter = arbiter;
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` };
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
    const response = await this.#get(`${master.url}/health`);
    return response?.ok ? ((await response.json()) as Health) : null;
  }

  /** Whether the node has a role and has replayed its log. */
  async isReady(url: string): Promise<boolean> {
    const response = await this.#get(`${url}/readyz`);
    await response?.body?.cancel();
    return response?.ok ?? false;
  }

  /** Ends a node's membership in its stead. */
  async leave(node: string): Promise<void> {
    const response = await fetch(`${this.arbiter.url}/arbiter/leave`, {
      method: 'POST',
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify({ node }),
    });
    if (!response.ok) throw new Error(`the arbiter did not let ${node} leave (${response.status})`);
    await response.body?.cancel();
  }

  async #get(url: string): Promise<Response | null> {
    try {
      return await fetch(url, {
        headers: this.#headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      // Not listening yet, paused or gone: all of these mean "no answer now", and callers ask
      // again.
      return null;
    }
  }
}
