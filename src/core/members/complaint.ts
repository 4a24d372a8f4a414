// What is wrong with a member, in words, as far as it is known: what `lastError` says of it.

/** What a member says of its disk is kept up to so many characters. */
const TROUBLE_LENGTH_MAX = 300;

export class Complaint {
  /** Why its latest heartbeat came to nothing; null: it was answered. */
  private heartbeatError: string | null = null;
  /** What it says of its disk: the reason for which it acknowledges nothing. */
  private trouble: string | null = null;
  /** Why it refused its last session; null: it has acknowledged something since. */
  private refusal: string | null = null;

  /** Its latest heartbeat came to nothing. */
  get unreachable(): boolean {
    return this.heartbeatError !== null;
  }

  heartbeatAnswered(trouble: string | undefined): void {
    this.heartbeatError = null;
    this.trouble = trouble?.slice(0, TROUBLE_LENGTH_MAX) ?? null;
  }

  heartbeatFailed(error: string): void {
    this.heartbeatError = error;
    this.trouble = null;
  }

  refused(code: string): void {
    this.refusal = `refused: ${code}`;
  }

  acknowledged(): void {
    this.refusal = null;
  }

  /** Why it is silent, or acknowledges nothing; null: nothing is wrong, or it has no session yet.
   * `sending`: what its session met last; `silent`: it does not answer heartbeats; `surplus`: it
   * holds operations up to this index, beyond the master's log. */
  words(sending: string | null, silent: boolean, surplus: number | null): string | null {
    const known = this.trouble ?? sending ?? this.heartbeatError;
    if (known !== null) return known;
    if (silent) return 'does not answer heartbeats';
    if (surplus === null) return this.refusal;
    return `has operations up to ${surplus}, which is beyond this log`;
  }
}
