// Tells whoever runs a server that it cannot go on.

/** A promise that only ever rejects, once. */
export interface Failing {
  readonly promise: Promise<void>;
  readonly fail: (error: unknown) => void;
}

export function failing(): Failing {
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<void>((_, reject) => {
    fail = reject;
  });
  // Whoever runs the server looks at it; a failure before that must not end the process unheard.
  promise.catch(() => {});
  return { promise, fail };
}
