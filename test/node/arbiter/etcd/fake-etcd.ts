// etcd as far as arbiters use it, in memory: keys, revisions and leases, as its JSON gateway shows
// them. test/contracts/etcd.suite.ts holds it against the real one.

import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

interface Key {
  readonly value: string;
  readonly created: number;
  readonly written: number;
  readonly lease: string;
}

interface Range {
  readonly request_range: { readonly key: string };
}

interface Put {
  readonly request_put: { readonly key: string; readonly value: string; readonly lease?: string };
}

interface Compare {
  readonly key: string;
  readonly target: 'CREATE' | 'LEASE' | 'MOD';
  readonly create_revision?: string;
  readonly mod_revision?: string;
  readonly lease?: string;
}

interface Transaction {
  readonly compare?: readonly Compare[];
  readonly success?: readonly (Range | Put)[];
  readonly failure?: readonly (Range | Put)[];
}

/** What the gateway answers. */
export interface FakeAnswer {
  readonly status: number;
  readonly body: object;
}

const NO_LEASE: FakeAnswer = {
  status: 404,
  body: { error: 'x', code: 5, message: 'etcdserver: requested lease not found' },
};

export class FakeEtcd {
  /** Every value that was ever written under a key, the oldest first; keys in plain text. */
  readonly history: { readonly key: string; readonly value: string }[] = [];
  private readonly now: () => number;
  private readonly keys = new Map<string, Key>();
  private readonly leases = new Map<string, { readonly ms: number; until: number }>();
  private revision = 1;
  private lastLease: number;

  /** `now`: in milliseconds. `lastLease`: leases are numbered from there on; those of the real one
   * are alike in no two of them, as they have the time in them. */
  constructor(now: () => number = () => performance.now(), lastLease = 0) {
    this.now = now;
    this.lastLease = lastLease;
  }

  handle(path: string, body: { ID?: string; TTL?: number } & Transaction): FakeAnswer {
    this.expire();
    switch (path) {
      case '/v3/lease/grant': {
        this.lastLease += 1;
        const ms = (body.TTL ?? 0) * 1_000;
        this.leases.set(`${this.lastLease}`, { ms, until: this.now() + ms });
        return this.answer({ ID: `${this.lastLease}`, TTL: `${body.TTL}` });
      }
      case '/v3/lease/keepalive': {
        const lease = this.leases.get(body.ID ?? '');
        if (lease === undefined) return this.answer({ result: { ID: body.ID } });
        lease.until = this.now() + lease.ms;
        return this.answer({ result: { ID: body.ID, TTL: `${lease.ms / 1_000}` } });
      }
      case '/v3/lease/revoke':
        if (!this.leases.has(body.ID ?? '')) return NO_LEASE;
        this.end(body.ID ?? '');
        return this.answer({});
      case '/v3/kv/txn':
        return this.transact(body);
      default:
        return { status: 404, body: { code: 5, message: 'Not Found' } };
    }
  }

  private transact({ compare = [], success = [], failure = [] }: Transaction): FakeAnswer {
    const succeeded = compare.every((condition) => {
      const { created = 0, lease = '0', written = 0 } = this.keys.get(condition.key) ?? {};
      if (condition.target === 'LEASE') return lease === condition.lease;
      return condition.target === 'CREATE'
        ? `${created}` === condition.create_revision
        : `${written}` === condition.mod_revision;
    });
    const chosen = succeeded ? success : failure;
    const unknown = chosen.some((one) => {
      return 'request_put' in one && !this.leases.has(one.request_put.lease ?? '0');
    });
    const leased = chosen.some(
      (one) => 'request_put' in one && one.request_put.lease !== undefined,
    );
    if (leased && unknown) return NO_LEASE;
    const responses = chosen.map((one) => this.perform(one));
    return this.answer({ ...(succeeded ? { succeeded } : {}), responses });
  }

  private perform(one: Range | Put): object {
    if ('request_range' in one) {
      const found = this.keys.get(one.request_range.key);
      return { response_range: { header: {}, ...(found === undefined ? {} : shown(found)) } };
    }
    const { key, value, lease = '0' } = one.request_put;
    this.revision += 1;
    const created = this.keys.get(key)?.created ?? this.revision;
    this.keys.set(key, { value, created, written: this.revision, lease });
    this.history.push({ key: plain(key), value: plain(value) });
    return { response_put: { header: {} } };
  }

  private expire(): void {
    for (const [id, { until }] of this.leases) if (until <= this.now()) this.end(id);
  }

  private end(lease: string): void {
    this.leases.delete(lease);
    for (const [name, key] of this.keys) {
      if (key.lease !== lease) continue;
      this.keys.delete(name);
      this.revision += 1;
    }
  }

  private answer(body: object): FakeAnswer {
    return { status: 200, body: { header: { revision: `${this.revision}` }, ...body } };
  }
}

function plain(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** What is zero is left out. */
function shown({ value, created, written, lease }: Key): object {
  const hung = lease === '0' ? {} : { lease };
  const kv = { value, create_revision: `${created}`, mod_revision: `${written}`, ...hung };
  return { kvs: [kv], count: '1' };
}

/** A running one. */
export interface ServedEtcd {
  readonly url: string;
  readonly etcd: FakeEtcd;
  /** Keeps all that is asked from now on waiting; returns how to let it through. */
  hold(): () => void;
  stop(): Promise<void>;
}

/** `tls`: it is spoken to by HTTPS alone. */
export async function serveEtcd(
  etcd: FakeEtcd = new FakeEtcd(),
  tls: ServerOptions | null = null,
): Promise<ServedEtcd> {
  let held: Promise<void> = Promise.resolve();
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      await held;
      const { status, body } = etcd.handle(
        request.url ?? '',
        JSON.parse(Buffer.concat(chunks).toString('utf8')),
      );
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  };
  const server = tls === null ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${tls === null ? '' : 's'}://127.0.0.1:${port}`,
    etcd,
    hold: () => {
      let release: () => void = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
