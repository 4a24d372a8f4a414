// Who wants to know when a caller's signal aborts. The rule: one listener per signal, however many
// calls share it; a program that gives one signal to a thousand appends is not warned of a leak.

export class Departures {
  readonly #of = new Map<AbortSignal, Departure>();

  /** Calls back once if the signal aborts; returns how to stop that. */
  on(signal: AbortSignal, listener: () => void): () => void {
    let departure = this.#of.get(signal);
    if (departure === undefined) {
      departure = new Departure();
      this.#of.set(signal, departure);
      signal.addEventListener('abort', departure.tell, { once: true });
    }
    const { listeners, tell } = departure;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      signal.removeEventListener('abort', tell);
      this.#of.delete(signal);
    };
  }
}

class Departure {
  readonly listeners = new Set<() => void>();
  readonly tell = (): void => {
    for (const listener of [...this.listeners]) listener();
  };
}
