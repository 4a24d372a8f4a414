// A process in virtual time for tests: its machine writes down what it is told, and answers every
// request at once, or when the test says so.

import type { Effect, Event } from '../../src/core/effects.ts';
import type { Request, Response } from '../../src/core/messages.ts';
import { Host, type Machine } from '../../src/sim/cluster/host.ts';
import type { Server } from '../../src/sim/cluster/network.ts';

export class TestHost extends Host implements Server {
  /** What its machine was told, and when by its own clock. */
  readonly steps: { readonly type: Event['type']; readonly at: number }[] = [];
  readonly requests: Request[] = [];
  readonly performed: Effect[] = [];
  readonly errors: unknown[] = [];
  turns = 0;
  deadline = Number.POSITIVE_INFINITY;
  /** What a step comes to. */
  react: (event: Event) => Effect[] = () => [];
  /** Called with what answers a request. */
  onRequest: (respond: (response: Response) => void) => void = () => {};

  start(): void {
    const machine: Machine = {
      step: (event, at) => {
        this.steps.push({ type: event.type, at });
        return this.react(event);
      },
      deadline: () => this.deadline,
    };
    this.run(machine);
  }

  /** It is told to end. */
  leave(): void {
    this.quit();
  }

  receive(request: Request, respond: (response: Response) => void): void {
    this.requests.push(request);
    this.onRequest(respond);
  }

  get told(): string[] {
    return this.steps.map(({ type }) => type);
  }

  protected perform(effect: Effect): void {
    this.performed.push(effect);
  }

  protected override turned(): void {
    this.turns += 1;
  }

  protected broken(error: unknown): void {
    this.errors.push(error);
  }
}
