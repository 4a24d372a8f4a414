// What is known of one key: what every later read of it must show, and what each node last said of
// it.

import { Frontier } from '../log/frontier.ts';
import type { Content } from '../operations.ts';

/** What one node last said of one key. */
export interface Said {
  readonly life: string;
  readonly opened: number;
  readonly index: number;
  readonly gone: boolean;
  /** The put that gave the value; null: none did. */
  readonly content: Content | null;
  readonly moment: number;
  readonly place: number;
}

export class Register {
  /** Acknowledged operations on the key, and what was shown of it as being on a majority. */
  readonly settled = new Frontier();
  /** By node and read level. */
  readonly said = new Map<string, Said>();
}
