// Collects the effects of one step, and knows what to do with the answer to each request sent.

import type { Effect, Note, Outcome } from './effects.ts';
import { type CallId, callId, type Ticket } from './ids.ts';
import { invariant } from './invariant.ts';
import type { RequestOrder, Response, ResponseOrder } from './messages.ts';

/** What came back: an answer, or no usable one and the reason in words. */
export type Answer = Response | { readonly type: 'None'; readonly error: string };

/** Called once, when the answer to a request has come or can no longer come. */
export type OnAnswer = (answer: Answer, now: number) => void;

/** Invariant: every Send is answered exactly once, so the open calls are those under way. */
export class Outbox {
  private effects: Effect[] = [];
  private readonly open = new Map<CallId, OnAnswer>();
  private lastCall = 0;

  send(to: string, request: RequestOrder, onAnswer: OnAnswer): void {
    this.lastCall += 1;
    const call = callId(this.lastCall);
    this.open.set(call, onAnswer);
    this.effects.push({ type: 'Send', call, to, request });
  }

  answered(call: CallId, answer: Answer, now: number): void {
    const onAnswer = this.open.get(call);
    invariant(onAnswer !== undefined, `call ${call} is open and is answered once`);
    this.open.delete(call);
    onAnswer(answer, now);
  }

  respond(ticket: Ticket, response: ResponseOrder): void {
    this.effects.push({ type: 'Respond', ticket, response });
  }

  reply(ticket: Ticket, outcome: Outcome): void {
    this.effects.push({ type: 'Reply', ticket, outcome });
  }

  note(note: Note): void {
    this.effects.push({ type: 'Note', note });
  }

  push(...effects: readonly Effect[]): void {
    this.effects.push(...effects);
  }

  /** Hands over what has gathered; the next step starts empty. */
  take(): Effect[] {
    const taken = this.effects;
    this.effects = [];
    return taken;
  }
}
