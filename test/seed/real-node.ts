// A running `replog` process, as a client of the key-value store sees it.

import { type Answer, call, type Program, until } from '../process/program.ts';

type Headers = Record<string, string>;

export class RealNode {
  readonly node: string;
  readonly url: string;
  readonly program: Program;

  constructor(node: string, url: string, program: Program) {
    this.node = node;
    this.url = url;
    this.program = program;
  }

  put(key: string, value: string, more: object = {}, headers: Headers = {}): Promise<Answer> {
    return call('PUT', this.keyUrl(key), { value, ...more }, headers);
  }

  remove(key: string, more: object = {}, headers: Headers = {}): Promise<Answer> {
    return call('DELETE', this.keyUrl(key), more, headers);
  }

  get(key: string, query = ''): Promise<Answer> {
    return call('GET', `${this.keyUrl(key)}${query}`);
  }

  /** The value alone; null if there is none. */
  async value(key: string): Promise<string | null> {
    return (await this.get(key)).body.value;
  }

  /** All keys and values. */
  async state(): Promise<Record<string, string>> {
    const { body } = await call('GET', `${this.url}/kv?limit=10000`);
    const items = body.items as { key: string; value: string }[];
    return Object.fromEntries(items.map(({ key, value }) => [key, value]));
  }

  health(): Promise<Answer> {
    return call('GET', `${this.url}/health`);
  }

  /** Waits until `/health` says so. */
  async healthy(fits: (body: Answer['body']) => boolean, what: string): Promise<void> {
    await until(
      async () => (await this.health()).body,
      (body) => fits(body),
      `${this.node}: ${what}`,
    );
  }

  /** Replaces the faults of this node, which was started with --faults. */
  async break(faults: object): Promise<void> {
    const answer = await call('PUT', `${this.url}/faults`, faults);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }

  async mend(): Promise<void> {
    await call('DELETE', `${this.url}/faults`);
  }

  /** How often persistence has met a fault since `break`. */
  async persistHits(): Promise<number> {
    return (await call('GET', `${this.url}/faults`)).body.hits.persist;
  }

  private keyUrl(key: string): string {
    return `${this.url}/kv/${encodeURIComponent(key)}`;
  }
}
