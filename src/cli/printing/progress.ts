// A progress bar on stderr, for people at a terminal only.

import { formatDuration } from '../arguments/duration.ts';
import { clearLive, drawLive, type LiveScreen, liveColumns } from './live-lines.ts';
import { canDrawOver } from './screenful.ts';
import { cutTo } from './text-width.ts';

/** Of the columns of a terminal this part is the bar's: the words beside it need the others. */
const BAR_SHARE = 0.3;

const BAR_MAX = 24;

/** Fast enough to be smooth, slow enough to cost nothing. */
const REDRAW_MS = 100;

interface Screen extends LiveScreen {
  readonly isTTY?: boolean;
}

export class Progress {
  readonly #screen: Screen;
  readonly #drawn: boolean;
  readonly #total: number | null;
  readonly #now: () => number;
  readonly #startedAt: number;
  #drawnAt = Number.NEGATIVE_INFINITY;

  /** `total`: what `done` will be in the end; null if nobody knows. */
  constructor(
    total: number | null,
    screen: Screen = process.stderr,
    now: () => number = () => performance.now(),
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#screen = screen;
    this.#drawn = canDrawOver(screen, env);
    this.#total = total;
    this.#now = now;
    this.#startedAt = now();
  }

  /** Shows how far it is. `label` must be clean text. What does not fit is cut: a line that wraps
   * could not be written over. */
  update(done: number, label: string): void {
    const now = this.#now();
    if (!this.#drawn || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    const line = cutTo(liveColumns(this.#screen), this.#bar(done, now) + label);
    drawLive(this.#screen, [line]);
  }

  /** Takes the bar off the screen. */
  finish(): void {
    if (this.#drawnAt > Number.NEGATIVE_INFINITY) clearLive(this.#screen);
  }

  #bar(done: number, now: number): string {
    if (this.#total === null || this.#total <= 0) return '';
    const share = Math.min(1, done / this.#total);
    const width = Math.min(BAR_MAX, Math.floor(liveColumns(this.#screen) * BAR_SHARE) + 1);
    const full = Math.round(share * width);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const elapsedMs = now - this.#startedAt;
    const left = share > 0.02 ? `  ${formatDuration((elapsedMs * (1 - share)) / share)} left` : '';
    return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]${percent}${left}  `;
  }
}
