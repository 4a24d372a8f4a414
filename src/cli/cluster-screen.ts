// The terminal that `replog cluster` was started at: the dashboard has it while that is open, and
// nothing else may write there then.

import type { ReadyEvent } from '../cluster/report.ts';
import type { Tokens } from '../node/http/tokens.ts';
import type { Prepared } from './dashboard.ts';

/** What the dashboard has to know of the cluster beyond what it says when it is ready. */
interface Cluster {
  readonly name: string;
  readonly tokens: Tokens | null;
}

/** The terminal, while the dashboard has it: nothing else may write there. */
export class Screen {
  /** Whether there is a terminal for a dashboard. */
  readonly wanted: boolean;
  taken = false;
  /** It was taken once, and hid what the nodes wrote. */
  opened = false;
  #prepared: Promise<Prepared | null> | null = null;
  readonly #flags: string;
  /** What was to be said on stderr meanwhile, the latest of it. */
  #unsaid: string | null = null;

  /** `name`: the one that was given, if one was: who gave it needs it to tell clusters apart. */
  constructor(wanted: boolean, name: string | undefined) {
    this.wanted = wanted;
    this.#flags = name === undefined ? '' : `--name ${name}`;
  }

  /** Says on stderr what must not get lost: when the dashboard is closed, if it is open. */
  say(text: string): void {
    if (this.taken) this.#unsaid = text;
    else process.stderr.write(text);
  }

  /** Loads the dashboard while the nodes start; if that fails, opening it will say so. */
  prepare(): void {
    if (!this.wanted) return;
    this.#prepared = import('./dashboard.ts')
      .then(({ prepareDashboard }) => prepareDashboard())
      .catch(() => null);
  }

  /** Resolves when the end has come, or the dashboard was left; rejects as `end` does. */
  async show(ready: ReadyEvent, { name, tokens }: Cluster, end: Promise<unknown>): Promise<void> {
    if (!this.wanted) {
      await end;
      return;
    }
    const { showDashboard } = await import('./dashboard.ts');
    const close = new AbortController();
    const url = ready.nodes[0]?.url ?? ready.control;
    const place = {
      control: ready.control,
      url,
      name,
      token: tokens === null ? undefined : () => tokens.all[0],
      owner: true,
      flags: this.#flags,
    };
    this.taken = true;
    this.opened = true;
    const shown = showDashboard(place, close.signal, await this.#prepared);
    try {
      await Promise.race([end, shown]);
    } finally {
      close.abort();
      try {
        await shown;
      } finally {
        this.taken = false;
        if (this.#unsaid !== null) process.stderr.write(this.#unsaid);
      }
    }
  }
}
