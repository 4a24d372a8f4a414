// A signal that aborts when the caller's does or when time is up, and can be taken back. (Node 20
// may collect AbortSignal.timeout inside AbortSignal.any before it fires.)

export interface Deadline {
  readonly signal: AbortSignal;
  /** True once time was up before the caller aborted. */
  expired(): boolean;
  /** Frees the timer and the listener. */
  dispose(): void;
}

/** `ms` undefined: no time limit. */
export function deadline(ms: number | undefined, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  let expired = false;
  const onAbort = () => controller.abort(caller?.reason);
  caller?.addEventListener('abort', onAbort, { once: true });
  if (caller?.aborted) onAbort();
  const expire = () => {
    expired = !controller.signal.aborted;
    controller.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'));
  };
  const timer = ms === undefined ? undefined : setTimeout(expire, ms);
  return {
    signal: controller.signal,
    expired: () => expired,
    dispose: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', onAbort);
    },
  };
}
