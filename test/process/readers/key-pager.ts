// Goes through all keys of a node, page after page, again and again, while other keys come and go.

import { type KeyPage, ReplogClient } from '../../../src/client/client.ts';
import type { Witness } from './witness.ts';

const PAGE = 3;

export class KeyPager {
  readonly #client: ReplogClient;
  readonly #there: readonly string[];
  readonly #witness: Witness;

  /** `there`: keys that have a value all the time. All of them begin with `key `. */
  constructor(url: string, there: readonly string[], witness: Witness) {
    this.#client = new ReplogClient({ url });
    this.#there = there;
    this.#witness = witness;
  }

  async run(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const keys = await this.#keys();
      const order = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const what = `keys of ${this.#client.url}: ${keys}`;
      if (new Set(keys).size < keys.length) this.#witness.complain(`one twice: ${what}`);
      if (`${order}` !== `${keys}`) this.#witness.complain(`out of order: ${what}`);
      const missing = this.#there.filter((key) => !keys.includes(key));
      if (missing.length > 0) this.#witness.complain(`${missing} missing: ${what}`);
      if (keys.length > this.#there.length) this.#witness.count('passes with other keys');
      this.#witness.count('passes');
    }
  }

  async #keys(): Promise<string[]> {
    const keys: string[] = [];
    let after: string | undefined;
    do {
      const page: KeyPage = await this.#client.listKeys({ prefix: 'key ', after, limit: PAGE });
      keys.push(...page.items.map(({ key }) => key));
      after = page.next ?? undefined;
    } while (after !== undefined);
    return keys;
  }
}
