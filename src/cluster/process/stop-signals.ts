// When a launcher has to stop: SIGINT, SIGTERM, SIGHUP, or the end of the npx that it runs under. A
// second Ctrl-C means at once.

import { onHangup } from './hangup.ts';
import { onNpmGone } from './npm-parent.ts';

export interface StopSignals {
  /** Resolves with the first of them; the end of npx is the SIGTERM that was meant for this
   * process. */
  readonly first: Promise<NodeJS.Signals>;
  /** Signals have their usual effect again. */
  close(): void;
}

/** One Ctrl-C can arrive twice, from the terminal and forwarded by npm. Nobody types faster. */
const SAME_MS = 150;

/** Takes the signals until closed; `again` is called for each Ctrl-C after the first signal.
 * `now` is monotonic, in milliseconds. `reread`: what SIGHUP asks for while the terminal is there,
 * or where there never was one. */
export function takeStopSignals(
  again: () => void,
  now: () => number = () => performance.now(),
  reread?: () => void,
): StopSignals {
  let give: (signal: NodeJS.Signals) => void = () => undefined;
  const first = new Promise<NodeJS.Signals>((resolve) => {
    give = resolve;
  });
  let firstAt: number | null = null;
  const stop = (signal: NodeJS.Signals) => {
    firstAt ??= now();
    give(signal);
  };
  const onInterrupt = () => {
    if (firstAt !== null && now() - firstAt >= SAME_MS) again();
    stop('SIGINT');
  };
  const onHup = onHangup(reread, () => stop('SIGHUP'));
  process.on('SIGINT', onInterrupt).on('SIGTERM', stop).on('SIGHUP', onHup);
  const unwatch = onNpmGone(() => stop('SIGTERM'));
  return {
    first,
    close: () => {
      unwatch();
      process.off('SIGINT', onInterrupt).off('SIGTERM', stop).off('SIGHUP', onHup);
    },
  };
}
