// When the client hands its writes to Node's HTTP client, seen from within: when they reach a node
// says little on a machine that is busy with other things.

import { ClientRequest } from 'node:http';

interface Body {
  readonly appends?: readonly { readonly idempotencyKey: string }[];
}

export class Sendings {
  readonly #times = new Map<string, number[]>();

  /** Looks at every request of this process from now on. Returns how to stop that. */
  watch(): () => void {
    const { prototype } = ClientRequest;
    const { end } = prototype;
    const note = (request: ClientRequest, body: unknown): void => this.#note(request, body);
    prototype.end = function (this: ClientRequest, ...given: unknown[]) {
      if (!this.destroyed) note(this, given[0]);
      return Reflect.apply(end, this, given);
    } as typeof end;
    return () => {
      prototype.end = end;
    };
  }

  /** When the copies of a write were sent. */
  of(idempotencyKey: string): readonly number[] {
    return this.#times.get(idempotencyKey) ?? [];
  }

  #note(request: ClientRequest, body: unknown): void {
    const own = request.getHeader('idempotency-key');
    const { appends = [] } = typeof body === 'string' ? (JSON.parse(body) as Body) : {};
    const keys = appends.map(({ idempotencyKey }) => idempotencyKey);
    for (const key of own === undefined ? keys : [String(own)]) {
      this.#times.set(key, [...this.of(key), performance.now()]);
    }
  }
}
