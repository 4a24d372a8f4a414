// What a node is: master, secondary, or neither; and how that changes.

import type { EmbeddedArbiter } from './arbiter/embedded-arbiter.ts';
import { type Appointer, RoleSource } from './arbiter/role-source.ts';
import { Silence } from './arbiter/silence.ts';
import type { Context } from './context.ts';
import type { Epoch, Ticket } from './ids.ts';
import { Incumbency } from './master/incumbency.ts';
import type { Appointment } from './master/mandate.ts';
import { Master } from './master/master.ts';
import type { JoinedMaster, JoinedSecondary, Peer, Replicas } from './messages.ts';
import { appointedBlank } from './recovery/restoration.ts';
import { Secondary } from './secondary/secondary.ts';

/**
 * Invariants:
 * 1. It is master, or follows one, or has no role: never two of these.
 * 2. Its epoch never falls, also across restarts of a durable node.
 */
export class Office {
  /** The moment of the step at hand. */
  private now = 0;
  private readonly context: Context;
  private readonly size: number | null;
  private readonly roles: RoleSource;
  private leading: Master | null = null;
  private following: Secondary | null = null;
  private gone = false;
  private ending = false;
  private deposedBy: Epoch | null = null;
  private readonly silence: Silence;
  private readonly incumbency = new Incumbency();
  /** The epoch in which it will be master as soon as that is durable. */
  private appointedFor: Epoch | null = null;
  /** A set of replicas that came before this node was the master of its epoch. */
  private early: Replicas | null = null;
  /** Answers to arbiters whose word on the members is being followed: they are heard first. */
  private readonly heeding: (() => void)[] = [];
  /** Who has told it to leave, while its Leave is under way. */
  private readonly retiring: Ticket[] = [];

  constructor(context: Context, appointer: Appointer) {
    this.context = context;
    this.size = appointer.size;
    this.silence = new Silence(context.options);
    this.roles = new RoleSource(context, appointer, {
      master: () => this.leading,
      lead: (appointment: JoinedMaster) => this.lead(appointment),
      reports: (now: number) => {
        const { epoch } = context.bookkeeping.current;
        return this.silence.reports(this.heardAt, epoch, now);
      },
      joined: (answer, now, silent) => this.joined(answer, now, silent),
    });
  }

  /** A step begins. */
  begin(now: number): void {
    this.now = now;
    this.leading?.begin(now);
  }

  get master(): Master | null {
    return this.leading;
  }

  get secondary(): Secondary | null {
    return this.following;
  }

  /** The arbiter inside this process, if it has one. */
  get arbiter(): EmbeddedArbiter | null {
    return this.roles.arbiter;
  }

  /** It has left the cluster. */
  get removed(): boolean {
    return this.gone;
  }

  /** It was told to end. */
  get stopping(): boolean {
    return this.ending;
  }

  /** Asks for a role. */
  start(): void {
    this.roles.start(this.now);
  }

  stop(): void {
    this.ending = true;
    this.leading?.end('ShuttingDown');
  }

  wake(): void {
    this.roles.wake(this.now, this.silence.asksAt(this.heardAt));
    this.leading?.wake(this.now);
  }

  deadline(): number {
    return Math.min(
      this.roles.deadline(this.silence.asksAt(this.heardAt)),
      this.leading?.deadline() ?? Number.POSITIVE_INFINITY,
    );
  }

  /** At the end of each step: a master that has met a higher epoch is one no longer. */
  settle(): void {
    if (this.deposedBy !== null) this.stepDown(this.deposedBy);
    if (this.heeding.length > 0 && this.leading?.ready !== false) {
      for (const answer of this.heeding.splice(0)) answer();
    }
  }

  /** Another master speaks, of an epoch that is not lower: this node follows. */
  follower(epoch: Epoch): Secondary {
    if (this.leading !== null) this.resign(epoch);
    this.follow(null);
    this.roles.followed();
    const secondary = this.following!;
    secondary.doubts = this.silence.doubts(epoch);
    // The arbiter is to hear that the master is not silent any more.
    if (this.silence.retracts(epoch)) this.roles.ask(this.now);
    return secondary;
  }

  /** Whether a set of replicas of this epoch may be meant for this node: it is master, or the
   * answer to its Join, which says so, is still on its way or not durable yet. */
  heeds(epoch: Epoch): boolean {
    if (this.leading !== null || this.appointedFor === epoch) return true;
    return this.arbiter === null && this.following === null && !this.gone;
  }

  /** The arbiter announces the set of replicas to this master, or appoints it anew by that. */
  announced(ticket: Ticket, { cluster, ...message }: Replicas): void {
    const master = this.leading;
    this.context.bookkeeping.belongs(cluster);
    if (master?.epoch === message.epoch && master.untold) {
      // What the members hold is not to be lost: this master begins once more, and hears them.
      this.heeding.push(() => this.noted(ticket, message));
      this.install(message.epoch, this.sized(message));
      return;
    }
    if (master === null) {
      // One of an earlier epoch is no news, nor is an arbiter's question who is there.
      if (message.epoch >= (this.early?.epoch ?? 0)) this.early = message;
    } else if (message.epoch > master.epoch) this.lead({ ...message, type: 'JoinedMaster' });
    else master.replicas(message, this.now);
    this.noted(ticket, message);
  }

  private sized(message: Replicas): Appointment {
    return { ...message, size: message.size === undefined ? this.size : message.size };
  }

  private noted(ticket: Ticket, { epoch, failover }: Omit<Replicas, 'cluster'>): void {
    const master = this.leading?.epoch === epoch ? this.leading : null;
    const told = failover === true ? (master?.told ?? { established: [] }) : {};
    this.context.outbox.respond(ticket, { type: 'ReplicasNoted', ...told });
  }

  /** Leaves the cluster, but goes on serving what it has. */
  retire(ticket: Ticket): void {
    const { node } = this.context.self;
    const first = this.retiring.length === 0;
    if (this.arbiter !== null || (this.gone && first)) {
      this.context.outbox.respond(ticket, { type: 'Left' });
      return;
    }
    this.retiring.push(ticket);
    if (!first) return;
    this.gone = true;
    this.leading?.giveBack(true);
    this.roles.leave((outcome) => {
      const left = outcome === 'left';
      if (outcome === 'refused') this.leading?.giveBack(false);
      this.gone = left;
      const { epoch } = this.context.bookkeeping.current;
      if (left && this.leading !== null) this.resign(epoch);
      // A role that was offered meanwhile was not taken; and of a master it is not known whether it
      // still is one: another may lead, of whom nobody would tell it.
      const asks = this.leading === null ? !left : outcome === 'unknown';
      if (asks) this.roles.ask(this.now);
      if (left) this.context.outbox.note({ event: 'role', node, role: 'removed', epoch });
      for (const each of this.retiring.splice(0)) {
        const refused = { type: 'Refused', code: 'no-arbiter' } as const;
        this.context.outbox.respond(each, left ? { type: 'Left' } : refused);
      }
    });
  }

  private joined(
    answer: JoinedMaster | JoinedSecondary,
    now: number,
    silent: boolean | undefined,
  ): void {
    if (this.ending) return;
    if (answer.epoch < this.context.bookkeeping.current.epoch) {
      this.roles.ask(now + this.context.options.joinRetryMs);
      return;
    }
    this.silence.answered(silent, now);
    if (answer.type === 'JoinedMaster') {
      this.lead(answer);
      return;
    }
    const { cluster, epoch, failover = false, master } = answer;
    const { bookkeeping } = this.context;
    const same = epoch === bookkeeping.current.epoch;
    if (this.leading !== null) this.resign(epoch);
    this.silence.told(failover);
    bookkeeping.remember({ epoch, ...(cluster === undefined ? {} : { cluster }) });
    this.follow(master, same);
  }

  /** Becomes master of a new epoch, once that is durable. */
  private lead(appointed: JoinedMaster): void {
    const { epoch, replicas, size, since, cluster } = appointed;
    if (this.leading?.epoch === epoch) {
      this.leading.giveBack(false);
      return;
    }
    const { bookkeeping, self } = this.context;
    const memory = {
      epoch,
      ...(cluster === undefined ? {} : { cluster }),
      ...appointedBlank(this.context, epoch),
    };
    this.appointedFor = epoch;
    bookkeeping.remember(memory, () => {
      if (bookkeeping.current.epoch !== epoch || this.ending) return;
      this.appointedFor = null;
      const announced = { ...appointed, size: size ?? this.size };
      if (this.leading?.epoch === epoch) {
        // Told twice before it was durable: an epoch has one master, whose sessions begin once.
        if (replicas !== undefined) this.leading.replicas({ ...announced, replicas }, this.now);
        return;
      }
      this.incumbency.note(this.leading);
      const incumbent = this.incumbency.after(since);
      this.install(epoch, { ...announced, replicas: replicas ?? null, incumbent });
      this.context.outbox.note({ event: 'role', node: self.node, role: 'master', epoch });
    });
  }

  private install(epoch: Epoch, appointment: Appointment): void {
    this.leading?.end('NoMaster');
    this.following?.end();
    this.following = null;
    const deposed = (by: Epoch): void => {
      this.deposedBy = by;
    };
    const { early } = this;
    this.early = null;
    const master = new Master(this.context, epoch, appointment, deposed, this.now);
    this.leading = master;
    if (early?.epoch === epoch) master.replicas(early, this.now);
  }

  /** `same`: it is of the epoch that this node knows already. */
  private follow(master: Peer | null, same = false): void {
    if (this.following === null) {
      this.roles.followed();
      this.following = new Secondary(this.context, master, this.now);
      const { epoch } = this.context.bookkeeping.current;
      const { node } = this.context.self;
      this.context.outbox.note({ event: 'role', node, role: 'secondary', epoch });
    } else if (master !== null) {
      this.following.follow(master, same, this.now);
    }
  }

  /** A higher epoch was seen: another master is, or was, in office. Or another refuses this one's
   * own, which an arbiter that had forgotten it gave twice, and learns of when asked again. */
  private stepDown(seen: Epoch): void {
    this.deposedBy = null;
    if (this.leading === null) return;
    if (this.arbiter !== null) {
      this.arbiter.outdated(seen);
      return;
    }
    this.resign(seen);
    this.roles.ask(this.now);
  }

  private resign(seen: Epoch): void {
    this.incumbency.note(this.leading);
    this.leading?.end('NoMaster');
    this.leading = null;
    const { bookkeeping } = this.context;
    if (seen > bookkeeping.current.epoch) bookkeeping.remember({ epoch: seen });
    this.follow(null);
  }

  /** When it last heard of the master that it follows; null: it follows none. */
  private get heardAt(): number | null {
    return this.following === null || this.gone ? null : this.following.lastHeard;
  }
}
