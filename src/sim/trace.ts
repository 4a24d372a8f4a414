// The readable account of a run, one line per event, in the format of the golden scripts
// (test/scenarios). The rule: it costs nothing unless somebody wants to read it.

import type { Request, Response } from '../core/messages.ts';
import { drawMessage } from './drawing.ts';
import type { Timeline } from './timeline.ts';

/** Lines kept: the end of a run is what explains a failure. */
const LINES_MAX = 200_000;

export class Trace {
  readonly lines: string[] = [];
  /** Whether anybody wants to read it. */
  readonly kept: boolean;
  private readonly timeline: Timeline;

  constructor(timeline: Timeline, kept: boolean) {
    this.timeline = timeline;
    this.kept = kept;
  }

  sent(from: string, to: string, request: Request, delays: readonly number[]): void {
    if (!this.kept || request.type === 'Heartbeat') return;
    this.draw(`${from} → ${to}  ${drawMessage(request)}${fate(delays)}`);
  }

  answered(to: string, by: string, response: Response, delays: readonly number[]): void {
    if (!this.kept || response.type === 'HeartbeatAck') return;
    this.draw(`${to} ← ${by}  ${drawMessage(response)}${fate(delays)}`);
  }

  draw(line: string): void {
    if (!this.kept) return;
    const ms = String(Math.round(this.timeline.now * 10) / 10);
    this.lines.push(`${ms.padStart(8)} ms  ${line}`);
    if (this.lines.length > 2 * LINES_MAX) this.lines.splice(0, LINES_MAX);
  }
}

/** Messages that take a few milliseconds are nothing special. */
function fate(delays: readonly number[]): string {
  if (delays.length === 0) return '  (lost)';
  if (delays.length === 1 && delays[0]! < 10) return '';
  const times = delays.map((delay) => String(Math.round(delay)));
  return `  (arrives after ${times.join(' and ')} ms)`;
}
