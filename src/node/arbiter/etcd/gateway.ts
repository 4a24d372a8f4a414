// etcd's JSON gateway (etcd 3.4 and later), in the few calls that arbiters need. Keys and values
// travel in base64, 64-bit numbers as text, and what is zero is left out. The rule: what rejects
// may have taken effect all the same, unless it was refused.

import * as z from 'zod';

/** No endpoint gave an answer. `message` is for people. */
export class EtcdUnreachable extends Error {
  override readonly name = 'EtcdUnreachable';
  readonly retriable = true;
}

/** etcd refused what it was asked. `status`: that of HTTP; 404: there is no such lease. */
export class EtcdRefused extends Error {
  override readonly name = 'EtcdRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What an endpoint answered with 200. */
export interface EtcdAnswer {
  readonly body: unknown;
  /** Which it was. */
  readonly url: string;
}

/** Asks etcd. Rejects with EtcdUnreachable or EtcdRefused. */
export type Ask = (route: string, body: object) => Promise<EtcdAnswer>;

/** A key as it stands. */
export interface Stored {
  readonly value: string;
  /** Revision of etcd when the key came into being, and when it was written last. */
  readonly created: string;
  readonly written: string;
  /** Lease that it ends with; '0': none. */
  readonly lease: string;
}

/** What must hold for a transaction to take effect: the revision, '0': there is no such key; or the
 * lease that the key ends with. */
export type Condition =
  | { readonly key: string; readonly created: string }
  | { readonly key: string; readonly lease: string }
  | { readonly key: string; readonly written: string };

/** A key that is written. */
export interface Written {
  readonly key: string;
  readonly value: string;
  readonly lease?: string;
}

/** What came of a conditional write. */
export interface WriteOutcome {
  /** Of etcd, with this write; null: it was not written. */
  readonly revision: string | null;
  readonly instead: readonly (Stored | null)[];
}

export class EtcdGateway {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** A lease of so many seconds. */
  async grant(seconds: number): Promise<string> {
    const { ID } = await this.call('/v3/lease/grant', { TTL: seconds }, granted);
    return ID;
  }

  /** Whether the lease lives on, for as long as it was granted for. */
  async renew(lease: string): Promise<boolean> {
    const { result } = await this.call('/v3/lease/keepalive', { ID: lease }, renewed);
    return Number(result?.TTL ?? 0) > 0;
  }

  /** The lease ends, and the keys that hang on it with it. */
  async revoke(lease: string): Promise<void> {
    await this.call('/v3/lease/revoke', { ID: lease }, z.unknown());
  }

  /** The keys as they stand, all at one moment; null: there is no such key. */
  async read(keys: readonly string[]): Promise<(Stored | null)[]> {
    const { responses } = await this.transact({ success: keys.map(rangeOf) });
    return responses.map(storedIn);
  }

  /** Writes if all conditions hold, and reads the keys of `instead` if not, all in one moment. */
  async writeIf(
    conditions: readonly Condition[],
    { key, value, lease }: Written,
    instead: readonly string[],
  ): Promise<WriteOutcome> {
    const put = {
      key: base64(key),
      value: base64(value),
      ...(lease === undefined ? {} : { lease }),
    };
    const { header, succeeded, responses } = await this.transact({
      compare: conditions.map(compared),
      success: [{ request_put: put }],
      failure: instead.map(rangeOf),
    });
    return succeeded
      ? { revision: header.revision, instead: [] }
      : { revision: null, instead: responses.map(storedIn) };
  }

  private transact(transaction: object): Promise<z.infer<typeof transacted>> {
    return this.call('/v3/kv/txn', transaction, transacted);
  }

  private async call<T>(route: string, request: object, answer: z.ZodType<T>): Promise<T> {
    const { body, url } = await this.ask(route, request);
    const result = answer.safeParse(body);
    if (result.success) return result.data;
    throw new EtcdRefused(200, `${url} does not answer as etcd's JSON gateway does`);
  }
}

const revision = z.string().regex(/^\d+$/);

const granted = z.object({ ID: revision });

const renewed = z.object({ result: z.object({ TTL: revision.optional() }).optional() });

const range = z.object({
  kvs: z
    .array(
      z.object({
        value: z.string().default(''),
        create_revision: revision,
        mod_revision: revision,
        lease: revision.default('0'),
      }),
    )
    .default([]),
});

const transacted = z.object({
  header: z.object({ revision }),
  succeeded: z.boolean().default(false),
  responses: z.array(z.object({ response_range: range.optional() })).default([]),
});

function storedIn({
  response_range,
}: z.infer<typeof transacted>['responses'][number]): Stored | null {
  const [found] = response_range?.kvs ?? [];
  if (found === undefined) return null;
  const { value, create_revision: created, mod_revision: written, lease } = found;
  return { value: Buffer.from(value, 'base64').toString('utf8'), created, written, lease };
}

function rangeOf(key: string): object {
  return { request_range: { key: base64(key) } };
}

function compared(condition: Condition): object {
  const equal = { key: base64(condition.key), result: 'EQUAL' };
  if ('created' in condition)
    return { ...equal, target: 'CREATE', create_revision: condition.created };
  if ('lease' in condition) return { ...equal, target: 'LEASE', lease: condition.lease };
  return { ...equal, target: 'MOD', mod_revision: condition.written };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
