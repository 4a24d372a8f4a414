// Does what the keys ask for, over HTTP, and reports what came of it. Nothing here throws: an
// action that failed is an event on the screen.

import { setMaxListeners } from 'node:events';
import type { ReplogClient } from '../../client/client.ts';
import type { Effect } from '../keys/screen-state.ts';
import type { ClusterState, OwnWrite } from './cluster-state.ts';
import { masterView } from './cluster-state.ts';
import { Load } from './load.ts';
import type { Unstamped } from './observer.ts';

export interface PerformerParts {
  readonly client: (url: string) => ReplogClient;
  readonly control: string | null;
  readonly state: () => ClusterState;
  readonly report: (observation: Unstamped) => void;
  readonly clean: (text: string) => string;
  readonly newKey: () => string;
  readonly now: () => number;
}

/** What concerns the screen is not performed here. */
export type ClusterEffect = Exclude<Effect, { type: 'stream' | 'repaint' | 'suspend' | 'quit' }>;

/** Own appends that may be under way at once. */
const WAITING_MAX = 20;

export class Performer {
  readonly #parts: PerformerParts;
  readonly #load: Load;
  readonly #end = new AbortController();

  constructor(parts: PerformerParts) {
    this.#parts = parts;
    this.#load = new Load(() => this.#master());
    // Whatever waits listens to it, which is no more than WAITING_MAX and some keys: no leak.
    setMaxListeners(0, this.#end.signal);
  }

  /** Ends the load and everything that waits. */
  stop(): void {
    this.#load.stop();
    this.#end.abort();
  }

  async perform(effect: ClusterEffect): Promise<void> {
    try {
      await this.#do(effect);
    } catch (error) {
      if (this.#end.signal.aborted) return;
      this.#say(error instanceof Error ? error.message : String(error), 'bad');
    }
  }

  async #do(effect: ClusterEffect): Promise<void> {
    const signal = this.#end.signal;
    switch (effect.type) {
      case 'control':
        this.#say(`asked to ${effect.verb} ${effect.node}`, 'plain');
        await this.#launcher().control(effect.node, effect.verb, { signal });
        return;
      case 'add':
        this.#say('asked to add a node', 'plain');
        await this.#launcher().addNode({ signal });
        return;
      case 'remove':
        this.#say(`asked to remove ${effect.node}`, 'plain');
        await this.#launcher().removeNode(effect.node, { signal });
        return;
      case 'setFaults':
        return this.#setFaults(effect.node, effect.faults);
      case 'clearFaults':
        await Promise.all(effect.nodes.map((node) => this.#setFaults(node, {})));
        return;
      case 'append':
        return this.#append(effect);
      case 'load':
        if (effect.on) this.#load.start();
        else this.#load.stop();
        this.#parts.report({ type: 'load', on: this.#load.on });
        return;
    }
  }

  async #setFaults(
    node: string,
    faults: Extract<Effect, { type: 'setFaults' }>['faults'],
  ): Promise<void> {
    const { signal } = this.#end;
    const client = this.#at(node);
    // Shown at once: the next key starts from it.
    this.#parts.report({ type: 'faults', node, report: { faults, hits: {} } });
    if (Object.keys(faults).length === 0) await client.clearFaults({ signal });
    else await client.setFaults(faults, { signal });
  }

  async #append({ message, w }: Extract<Effect, { type: 'append' }>): Promise<void> {
    const client = this.#master();
    if (client === null) throw new Error('there is no master to append to');
    const waiting = this.#parts.state().own.filter(({ state }) => state === 'waiting');
    if (waiting.length >= WAITING_MAX) throw new Error(`${WAITING_MAX} messages wait already`);
    const key = this.#parts.newKey();
    const sentAt = this.#parts.now();
    const write: OwnWrite = {
      ...{ key, message: this.#parts.clean(message), w, state: 'waiting', index: null },
      ...{ acks: [], sentAt, ms: null, error: null },
    };
    this.#parts.report({ type: 'write', write });
    try {
      const { signal } = this.#end;
      const { index, acks } = await client.append(message, { w, idempotencyKey: key, signal });
      const ms = Math.round(this.#parts.now() - sentAt);
      this.#parts.report({ type: 'write', write: { ...write, state: 'done', index, acks, ms } });
    } catch (error) {
      if (this.#end.signal.aborted) return;
      const text = this.#parts.clean(error instanceof Error ? error.message : String(error));
      const index = this.#parts.state().own.find((one) => one.key === key)?.index ?? null;
      this.#parts.report({
        type: 'write',
        write: { ...write, state: 'failed', index, error: text },
      });
    }
  }

  #launcher(): ReplogClient {
    if (this.#parts.control === null) throw new Error('this cluster has no launcher');
    return this.#parts.client(this.#parts.control);
  }

  #master(): ReplogClient | null {
    const url = masterView(this.#parts.state())?.url;
    return url === undefined ? null : this.#parts.client(url);
  }

  #at(node: string): ReplogClient {
    const url = this.#parts.state().nodes.find((one) => one.node === node)?.url;
    if (url === undefined) throw new Error(`there is no node ${node}`);
    return this.#parts.client(url);
  }

  #say(text: string, tone: 'plain' | 'bad'): void {
    this.#parts.report({ type: 'said', text: this.#parts.clean(text), tone });
  }
}
